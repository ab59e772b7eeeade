"""What several people at one desk, and sources that stream, need to be remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds what is new; in one transaction, on both databases."""
    for name in ("department", "handed_to", "playbook"):
        op.add_column("case", sa.Column(name, sa.String(), nullable=True))
    op.add_column("case", sa.Column("checklist", sa.JSON(), nullable=False, server_default="[]"))
    op.create_index("ix_case_handed_to", "case", ["handed_to"])
    op.add_column("person", sa.Column("customer", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_post_source_at", "post", ["source", "at"])
    op.drop_index("ix_post_source", "post")
    op.add_column("source", sa.Column("answer", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "presence",
        sa.Column("agent", sa.String(), primary_key=True),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("doing", sa.String(), nullable=False),
        sa.Column("seen_at", UTC, nullable=False),
    )

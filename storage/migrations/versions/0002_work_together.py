"""What several people at one desk, and sources that stream, need to be remembered."""

import sqlalchemy as sa
from alembic import op

from storage.query.sql import index

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
    op.drop_index("ix_post_mention_at", "post")
    counted = (
        "first_seen_at", "published_at", "source", "source_kind", "brand", "lang", "sentiment", "priority",
        "author_id", "conversation_id", "case_id",
    )  # fmt: skip
    op.create_index("ix_post_mention_at", "post", ["is_mention", "at", "id", *counted])
    op.drop_index("ix_post_conversation_at", "post")
    op.create_index("ix_post_conversation_at", "post", ["conversation_id", "at", "id", "case_id"])
    op.create_index("ix_post_case", "post", ["case_id", "is_mention", "at"])
    op.drop_index("ix_post_case_id", "post")
    op.add_column("source", sa.Column("answer", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "presence",
        sa.Column("agent", sa.String(), primary_key=True),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("doing", sa.String(), nullable=False),
        sa.Column("seen_at", UTC, nullable=False),
    )
    op.create_table(
        "robots",
        sa.Column("origin", sa.String(), primary_key=True),
        sa.Column("read_at", UTC, nullable=False),
        sa.Column("rules", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_robots_read_at", "robots", ["read_at"])
    op.create_table(
        "subscription",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("asked_at", UTC, nullable=False),
        sa.Column("until", UTC, nullable=True),
    )
    op.create_index("ix_subscription_token", "subscription", ["token"], unique=True)
    op.create_table(
        "post_band",
        sa.Column("band", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("post_id", sa.BigInteger(), sa.ForeignKey("post.id"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_post_band_post_id", "post_band", ["post_id"])
    index.drop(op.get_bind())
    index.create(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION webcare_news() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_notify('webcare', ''); RETURN NULL; END $$"
        )
        op.execute(
            "CREATE TRIGGER webcare_news AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION webcare_news()"
        )

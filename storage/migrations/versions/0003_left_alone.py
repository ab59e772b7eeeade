"""Until when a host asked to be left alone, which outlives a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the column; in one transaction, on both databases."""
    op.add_column("robots", sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True))

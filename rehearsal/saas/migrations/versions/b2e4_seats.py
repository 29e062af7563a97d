"""How many people may use a plan."""

from alembic import op

revision = "b2e4"
down_revision = "a1f0"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE plans ADD COLUMN seats integer")


def downgrade() -> None:
    """Drop it; what was in it is gone."""
    op.execute("ALTER TABLE plans DROP COLUMN seats")

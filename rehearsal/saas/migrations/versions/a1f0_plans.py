"""What customers pay for."""

from alembic import op

revision = "a1f0"
down_revision = None


def upgrade() -> None:
    """Make the table, with a plan in it."""
    op.execute("CREATE TABLE plans (id serial PRIMARY KEY, name text NOT NULL)")
    op.execute("INSERT INTO plans (name) VALUES ('basic')")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE plans")

"""Runs the migrations of the rehearsal's SaaS against the case's Postgres."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(
    os.environ["SAAS_DB"].replace("postgresql://", "postgresql+psycopg://", 1),
    poolclass=pool.NullPool,
)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

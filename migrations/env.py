"""Runs migrations on the connection that app.store.migrations hands over; the version table is our own."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="risk_schema_migrations", transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()

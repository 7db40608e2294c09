"""Alembic's entry: runs on the connection and in the transaction it is given."""

from alembic import context

from practice.database.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()

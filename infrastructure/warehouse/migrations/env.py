"""Alembic's entry: runs the migrations over the warehouse's own engine."""

from alembic import context
from sqlmodel import SQLModel

# With the engine come the unit of work and its repositories, which register every table.
from infrastructure.warehouse.engine import make_engine

url = context.config.get_main_option("sqlalchemy.url") or ""
engine = make_engine(url, context.config.attributes.get("timeouts")).execution_options(writer=True)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=url.startswith("sqlite"),
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()

"""Organisations, exchange rates, classifications and documents"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _amounts_of_any_size()
    with op.batch_alter_table("silver_batch") as table:
        table.add_column(sa.Column("kinds", sa.String(), server_default="", nullable=False))
    with op.batch_alter_table("dim_organization") as table:
        table.add_column(sa.Column("parent_id", sa.String(), nullable=True))
        table.add_column(sa.Column("reference", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("dim_classification") as table:
        table.add_column(sa.Column("parent", sa.String(), nullable=True))
        table.add_column(sa.Column("reference", sa.Boolean(), server_default=sa.false(), nullable=False))


def _amounts_of_any_size() -> None:
    """Amounts had ten decimal places on PostgreSQL, and 28 digits before them."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    inspector = sa.inspect(connection)
    for table in inspector.get_table_names():
        for column in inspector.get_columns(table):
            if isinstance(column["type"], sa.Numeric) and getattr(column["type"], "precision", None) == 38:
                op.alter_column(table, column["name"], type_=sa.Numeric())


def downgrade() -> None:
    with op.batch_alter_table("dim_classification") as table:
        table.drop_column("reference")
        table.drop_column("parent")
    with op.batch_alter_table("dim_organization") as table:
        table.drop_column("reference")
        table.drop_column("parent_id")
    with op.batch_alter_table("silver_batch") as table:
        table.drop_column("kinds")

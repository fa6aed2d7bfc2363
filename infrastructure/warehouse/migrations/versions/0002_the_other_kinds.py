"""Organisations, exchange rates, classifications and documents"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
FACTS = ("fact_process", "fact_award", "fact_contract", "fact_item")


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
    _rates()


def _rates() -> None:
    """Exchange rates, and what the facts need to be converted; facts that stand are published anew, to be filled in."""
    op.create_table(
        "dim_exchange_rate",
        sa.Column("rate_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("silver_batch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rate_key"),
    )
    op.create_index("ix_dim_exchange_rate_date", "dim_exchange_rate", ["date"])
    known = sa.text("value_date IS NOT NULL")
    for fact in FACTS:
        op.add_column(fact, sa.Column("value_date", sa.Date(), nullable=True))
        op.add_column(fact, sa.Column("base_currency", sa.String(), nullable=True))
        op.create_index(f"ix_{fact}_value_date", fact, ["value_date"], sqlite_where=known, postgresql_where=known)
    op.execute("UPDATE watermark SET silver_batch = 0, target = NULL, done = 0 WHERE stage = 'publish'")


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
    for fact in FACTS:
        op.drop_index(f"ix_{fact}_value_date", fact)
        op.drop_column(fact, "base_currency")
        op.drop_column(fact, "value_date")
    op.drop_table("dim_exchange_rate")
    with op.batch_alter_table("dim_classification") as table:
        table.drop_column("reference")
        table.drop_column("parent")
    with op.batch_alter_table("dim_organization") as table:
        table.drop_column("reference")
        table.drop_column("parent_id")
    with op.batch_alter_table("silver_batch") as table:
        table.drop_column("kinds")

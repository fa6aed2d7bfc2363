"""Organisations, exchange rates, classifications and documents"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
FACTS = ("fact_process", "fact_award", "fact_contract", "fact_item")
DOCUMENT_TEXTS = (
    "ocid",
    "link",
    "filename",
    "name",
    "title",
    "state",
    "reason",
    "media_type",
    "language",
    "sha256",
    "url",
)


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
    _documents()


def _documents() -> None:
    """Uploaded files, and what links them to their processes; the names in document URLs come with publishing anew."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "fact_document",
        sa.Column("document_key", big, autoincrement=False, nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("process_key", big, nullable=True),
        sa.Column("silver_batch", sa.Integer(), nullable=False),
        *[sa.Column(name, sa.String(), nullable=name not in {"filename", "name", "state"}) for name in DOCUMENT_TEXTS],
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("words", big, nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("size", big, nullable=True),
        sa.Column("facts", sa.Text().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.PrimaryKeyConstraint("document_key"),
        sa.UniqueConstraint("record_id"),
    )
    op.create_index("ix_fact_document_process_key", "fact_document", ["process_key"])
    op.create_index("ix_fact_document_name", "fact_document", ["name"])
    op.create_table(
        "document_claim",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("ocid", sa.String(), nullable=False),
        sa.Column("process_key", big, nullable=False),
        sa.PrimaryKeyConstraint("record_id", "rule", "ocid"),
    )
    op.create_index("ix_document_claim_process_key", "document_claim", ["process_key"])
    op.create_table(
        "process_file",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("process_key", big, autoincrement=False, nullable=False),
        sa.Column("ocid", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "process_key"),
    )
    op.create_index("ix_process_file_process_key", "process_file", ["process_key"])
    op.create_table(
        "touched_document",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("silver_batch", sa.Integer(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("ix_touched_document_silver_batch", "touched_document", ["silver_batch"])
    op.add_column("job", sa.Column("ocid", sa.String(), nullable=True))


def _rates() -> None:
    """Exchange rates, and what the facts need to be converted; facts that stand are published anew, to be filled in."""
    op.create_table(
        "dim_exchange_rate",
        sa.Column(
            "rate_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
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
    op.drop_column("job", "ocid")
    for table_name in ("touched_document", "process_file", "document_claim", "fact_document"):
        op.drop_table(table_name)
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

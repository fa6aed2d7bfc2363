"""Facts of bids, transactions and amendments, and their numbers per process; attributes of dimensions that follow from
others. `rebuild` fills them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import BigId, Instant, Money

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
INDEXED = (("fact_process", "amount"), ("fact_award", "buyer_key"), ("fact_award", "award_date"))
CODES = (("dim_classification", "category"), ("dim_location", "country_code"), ("dim_location", "region_code"))
CEILINGS = ("process", "award", "contract")
COUNTS = ("bids", "transactions", "amendments")


def upgrade() -> None:
    for name in COUNTS:
        op.add_column("fact_process", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    for fact in ("process", "award", "contract", "item"):
        for name in ("amount_note", "rate_source"):
            op.add_column(f"fact_{fact}", sa.Column(name, sa.String(), nullable=True))
    for fact in CEILINGS:
        framework: sa.Column[bool] = sa.Column("framework", sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column(f"fact_{fact}", framework)
        op.add_column(f"fact_{fact}", sa.Column("ceiling_base", Money(), nullable=True))
    for table, name in INDEXED:
        op.create_index(f"ix_{table}_{name}", table, [name])
    for table, name in CODES:
        op.add_column(table, sa.Column(name, sa.String(), nullable=True))
    op.add_column("dim_status", sa.Column("counts", sa.Boolean(), nullable=True))
    _create_fact(
        "bid",
        ("position", "tenderers"),
        ("bid_id", "base_currency", "amount_note", "rate_source"),
        ("tenderer", "buyer", "source", "procedure", "classification", "status", "currency"),
        _money("bid_amount", "amount", "amount_base"),
        indexed="tenderer_key",
    )
    _create_fact(
        "transaction",
        ("parent_position", "position"),
        ("contract_id", "transaction_id", "base_currency", "amount_note", "rate_source", "data_source", "url"),
        ("payer", "payee", "buyer", "source", "procedure", "classification", "currency"),
        _money("amount", "amount_base"),
        indexed="payee_key",
    )
    texts = ("parent_id", "amendment_id", "rationale", "description", "amends_release_id", "release_id")
    level = sa.Column("level", sa.String(), nullable=False)
    _create_fact("amendment", ("parent_position", "position"), texts, ("buyer", "source", "procedure"), [level])


def downgrade() -> None:
    for fact in ("amendment", "transaction", "bid"):
        op.drop_table(f"fact_{fact}")
    op.drop_column("dim_status", "counts")
    for table, name in INDEXED:
        op.drop_index(f"ix_{table}_{name}", table)
    for table, name in CODES:
        op.drop_column(table, name)
    for fact in CEILINGS:
        for name in ("ceiling_base", "framework"):
            op.drop_column(f"fact_{fact}", name)
    for fact in ("process", "award", "contract", "item"):
        for name in ("rate_source", "amount_note"):
            op.drop_column(f"fact_{fact}", name)
    for name in reversed(COUNTS):
        op.drop_column("fact_process", name)


def _money(*amounts: str) -> list[sa.Column[Any]]:
    types: dict[str, Any] = {**dict.fromkeys(amounts, Money()), "rate": sa.Double()}
    types |= {"value_date": sa.Date(), "rate_date": sa.Date()}
    return [sa.Column(name, kind, nullable=True) for name, kind in types.items()]


def _create_fact(  # pylint: disable=too-many-arguments,too-many-positional-arguments
    name: str,
    numbers: tuple[str, ...],
    texts: tuple[str, ...],
    roles: tuple[str, ...],
    others: list[sa.Column[Any]],
    indexed: str | None = None,
) -> None:
    table = f"fact_{name}"
    op.create_table(
        table,
        sa.Column(f"{name}_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("process_key", BigId, nullable=False),
        sa.Column("silver_batch", sa.Integer(), nullable=False),
        sa.Column("ocid", sa.String(), nullable=False),
        *(sa.Column(column, sa.Integer(), nullable=False) for column in numbers),
        *(sa.Column(column, sa.String(), nullable=True) for column in texts),
        *(sa.Column(f"{role}_key", BigId, nullable=False) for role in roles),
        sa.Column("date_key", sa.Integer(), nullable=True),
        sa.Column(f"{name}_date", Instant(), nullable=True),
        *others,
    )
    for column in ("process_key", indexed):
        if column is not None:
            op.create_index(f"ix_{table}_{column}", table, [column])
    if name != "amendment":
        known = sa.text("value_date IS NOT NULL")
        op.create_index(f"ix_{table}_value_date", table, ["value_date"], sqlite_where=known, postgresql_where=known)

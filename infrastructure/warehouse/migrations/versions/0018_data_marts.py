"""Data marts: tables, and on PostgreSQL the materialised view mart_market. `tenderlake rebuild` fills them."""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import BigId, Instant, Money

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None
WORTH = ("awards", "awards_without_amount", "cents")
TENDERS = (
    "tenders",
    "cancelled_tenders",
    "tenders_with_bidders",
    "bidders",
    "single_bid_tenders",
    "tenders_with_period",
    "open_seconds",
)
TABLES = (
    "mart_spend",
    "mart_competition",
    "mart_relation_day",
    "mart_relation",
    "mart_concentration",
    "mart_market_member",
    "mart_red_flag",
    "mart_change",
    "mart_refresh",
)
MARKET = """
CREATE MATERIALIZED VIEW mart_market AS
SELECT market_key, division, country, region, year, awards, awards_without_amount, cents,
    CASE WHEN awards > awards_without_amount THEN cents / 100.0 END AS amount_base, buyers, suppliers
FROM (
    SELECT market_key, division, country, region, year,
        coalesce(sum(awards) FILTER (WHERE role = 'buyer'), 0)::bigint AS awards,
        coalesce(sum(awards_without_amount) FILTER (WHERE role = 'buyer'), 0)::bigint AS awards_without_amount,
        coalesce(sum(cents) FILTER (WHERE role = 'buyer'), 0)::bigint AS cents,
        count(*) FILTER (WHERE role = 'buyer' AND organization_id <> 'unknown') AS buyers,
        count(*) FILTER (WHERE role = 'supplier' AND organization_id <> 'unknown') AS suppliers
    FROM mart_market_member GROUP BY market_key, division, country, region, year
) AS market
"""


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, BigId, primary_key=True, autoincrement=False)


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=nullable) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, BigId, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double(), nullable=True) for name in names]


def _year() -> sa.Column[int]:
    return sa.Column("year", sa.Integer(), nullable=True)


def _amount() -> sa.Column[float]:
    return sa.Column("amount_base", Money(), nullable=True)


def upgrade() -> None:
    op.create_table(
        "mart_spend",
        _key("spend_key"),
        *_texts("buyer_id"),
        _year(),
        *_texts("month", nullable=True),
        *_counts("processes", *WORTH),
        _amount(),
    )
    op.create_table(
        "mart_competition",
        _key("competition_key"),
        *_texts("buyer_id"),
        *_texts("method", nullable=True),
        _year(),
        *_counts(*TENDERS),
        *_numbers("bidders_per_tender", "single_bid_rate", "days_open"),
    )
    op.create_table(
        "mart_relation_day",
        _key("relation_day_key"),
        *_counts("relation_key", "concentration_key"),
        *_texts("buyer_id", "supplier_id"),
        _year(),
        sa.Column("day", sa.Date(), nullable=True),
        *_counts(*WORTH),
    )
    op.create_table(
        "mart_relation",
        _key("relation_key"),
        *_texts("buyer_id", "supplier_id"),
        *_counts(*WORTH),
        _amount(),
        sa.Column("first_award", sa.Date(), nullable=True),
        sa.Column("last_award", sa.Date(), nullable=True),
    )
    op.create_table(
        "mart_concentration",
        _key("concentration_key"),
        *_texts("buyer_id"),
        _year(),
        *_counts("awards", "awards_without_amount", "awards_without_supplier", "cents"),
        _amount(),
        *_counts("suppliers", "new_entrants"),
        *_texts("top_supplier_id", nullable=True),
        *_numbers("top_share", "top_share_of_awards", "hhi", "hhi_of_awards"),
    )
    op.create_table(
        "mart_market_member",
        _key("market_member_key"),
        *_counts("market_key"),
        *_texts("division", "country", "region", nullable=True),
        _year(),
        *_texts("role", "organization_id"),
        *_counts(*WORTH),
    )
    op.create_table(
        "mart_red_flag",
        _key("red_flag_summary_key"),
        *_texts("indicator"),
        *_texts("buyer_id", nullable=True),
        sa.Column("source_key", BigId, nullable=True),
        _year(),
        *_counts("flagged", "not_flagged", "not_computable"),
    )
    op.create_table(
        "mart_change",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_texts("name"),
        sa.Column("difference", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "mart_refresh",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("as_of", Instant(), nullable=True),
        *_counts("changes", "refreshed"),
    )
    _create_market()
    for table, columns in {
        "mart_spend": ("buyer_id", "month"),
        "mart_competition": ("buyer_id", "year"),
        "mart_relation_day": ("relation_key", "concentration_key"),
        "mart_relation": ("buyer_id", "supplier_id"),
        "mart_concentration": ("buyer_id", "year"),
        "mart_market_member": ("market_key",),
        "mart_market": ("division", "year"),
        "mart_red_flag": ("indicator", "buyer_id"),
        "mart_change": ("name",),
    }.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])


def _create_market() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(MARKET)
        op.execute("CREATE UNIQUE INDEX ix_mart_market_market_key ON mart_market (market_key)")
        return
    op.create_table(
        "mart_market",
        _key("market_key"),
        *_texts("division", "country", "region", nullable=True),
        _year(),
        *_counts(*WORTH),
        _amount(),
        *_counts("buyers", "suppliers"),
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP MATERIALIZED VIEW mart_market")
    else:
        op.drop_table("mart_market")
    for name in TABLES:
        op.drop_table(name)

"""Tables of the data marts. domain/marts computes their rows.

The key is a surrogate of the group's columns, which may be null: unknown. Organisations are named by the id that
matching takes them for.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId
from infrastructure.warehouse.star.tables import day, key, moment, money, number


def count() -> Any:
    return Field(default=0, sa_column=Column(BigId, nullable=False))


class MartSpend(SQLModel, table=True):
    """Grain: a buyer and month of award; counted awards only."""

    __tablename__ = "mart_spend"
    spend_key: int = key(primary=True)
    buyer_id: str = Field(index=True)
    year: int | None = None
    month: str | None = Field(default=None, index=True)
    processes: int = count()
    awards: int = count()
    awards_without_amount: int = count()
    cents: int = count()
    amount_base: float | None = money()


class MartCompetition(SQLModel, table=True):
    """Grain: a buyer, procurement method and year of tender."""

    __tablename__ = "mart_competition"
    competition_key: int = key(primary=True)
    buyer_id: str = Field(index=True)
    method: str | None = None
    year: int | None = Field(default=None, index=True)
    tenders: int = count()
    cancelled_tenders: int = count()
    tenders_with_bidders: int = count()
    bidders: int = count()
    single_bid_tenders: int = count()
    tenders_with_period: int = count()
    open_seconds: int = count()
    bidders_per_tender: float | None = number()
    single_bid_rate: float | None = number()
    days_open: float | None = number()


class MartRelationDay(SQLModel, table=True):
    """Grain: a buyer, supplier and day of award. From it follow the relations and the concentration of suppliers."""

    __tablename__ = "mart_relation_day"
    relation_day_key: int = key(primary=True)
    relation_key: int = key(index=True)
    concentration_key: int = key(index=True)
    buyer_id: str
    supplier_id: str
    year: int | None = None
    day: date | None = day()
    awards: int = count()
    awards_without_amount: int = count()
    cents: int = count()


class MartRelation(SQLModel, table=True):
    """Grain: a buyer and supplier."""

    __tablename__ = "mart_relation"
    relation_key: int = key(primary=True)
    buyer_id: str = Field(index=True)
    supplier_id: str = Field(index=True)
    awards: int = count()
    awards_without_amount: int = count()
    cents: int = count()
    amount_base: float | None = money()
    first_award: date | None = day()
    last_award: date | None = day()


class MartConcentration(SQLModel, table=True):
    """Grain: a buyer and year of award."""

    __tablename__ = "mart_concentration"
    concentration_key: int = key(primary=True)
    buyer_id: str = Field(index=True)
    year: int | None = Field(default=None, index=True)
    awards: int = count()
    awards_without_amount: int = count()
    awards_without_supplier: int = count()
    cents: int = count()
    amount_base: float | None = money()
    suppliers: int = count()
    new_entrants: int = count()
    top_supplier_id: str | None = None
    top_share: float | None = number()
    top_share_of_awards: float | None = number()
    hhi: float | None = number()
    hhi_of_awards: float | None = number()


class MartMarketMember(SQLModel, table=True):
    """Grain: a buyer or supplier in a market: CPV division, country, region and year of award."""

    __tablename__ = "mart_market_member"
    market_member_key: int = key(primary=True)
    market_key: int = key(index=True)
    division: str | None = None
    country: str | None = None
    region: str | None = None
    year: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    role: str
    organization_id: str
    awards: int = count()
    awards_without_amount: int = count()
    cents: int = count()


class MartMarket(SQLModel, table=True):
    """Grain: a CPV division, country, region and year of award. On PostgreSQL this is a materialised view."""

    __tablename__ = "mart_market"
    market_key: int = key(primary=True)
    division: str | None = Field(default=None, index=True)
    country: str | None = None
    region: str | None = None
    year: int | None = Field(default=None, sa_column=Column(Integer, nullable=True, index=True))
    awards: int = count()
    awards_without_amount: int = count()
    cents: int = count()
    amount_base: float | None = money()
    buyers: int = count()
    suppliers: int = count()


class MartRedFlag(SQLModel, table=True):
    """Grain: an indicator, buyer, source and year."""

    __tablename__ = "mart_red_flag"
    red_flag_summary_key: int = key(primary=True)
    indicator: str = Field(index=True)
    buyer_id: str | None = Field(default=None, index=True)
    source_key: int | None = key(nullable=True)
    year: int | None = None
    flagged: int = count()
    not_flagged: int = count()
    not_computable: int = count()


class MartChange(SQLModel, table=True):
    """A pending difference of an additive mart table, written with the facts that cause it: an Arrow IPC file."""

    __tablename__ = "mart_change"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    difference: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class MartUncounted(SQLModel, table=True):
    """A process whose facts are to be added to the marts when they are next refreshed."""

    __tablename__ = "mart_uncounted"
    process_key: int = key(primary=True)


class MartRefresh(SQLModel, table=True):
    """When a mart was last brought up to date; for a materialised view, whether it must be refreshed.

    `changes` counts the differences added to what it is made of, `refreshed` those that it shows. The row `identities`
    counts changes of the identities of organisations.
    """

    __tablename__ = "mart_refresh"
    name: str = Field(primary_key=True)
    as_of: datetime | None = moment()
    changes: int = count()
    refreshed: int = count()

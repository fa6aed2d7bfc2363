"""Tables of the star: facts and dimensions with surrogate keys.

A surrogate key is the first 63 bits of BLAKE2b of the business key, so that updates and rebuilds don't change it.
`uses` counts the fact rows that reference a dimension row; a row without references is deleted. `updated_at` of a
dimension row is when it was last written, also with other `uses`.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Double, Index, false, text
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId, Instant, Money


def key(*, primary: bool = False, nullable: bool = False, index: bool = False) -> Any:
    return Field(
        default=None, sa_column=Column(BigId, primary_key=primary, autoincrement=False, nullable=nullable, index=index)
    )


def fact_key() -> Any:
    """The key of a fact. On SQLite it is a separate index, so that rows stay in insertion order, grouped by process."""
    return Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


def money() -> Any:
    return Field(default=None, sa_column=Column(Money(), nullable=True))


def moment() -> Any:
    return Field(default=None, sa_column=Column(Instant(), nullable=True))


def indexed_moment() -> Any:
    return Field(default=None, sa_column=Column(Instant(), nullable=True, index=True))


def number() -> Any:
    return Field(default=None, sa_column=Column(Double(), nullable=True))


def day() -> Any:
    return Field(default=None, sa_column=Column(Date(), nullable=True))


def counted() -> Any:
    return Field(default=0, sa_column_kwargs={"server_default": "0"})


def by_value_date(fact: str) -> Index:
    """An index of the facts that an exchange rate affects; facts without an amount to convert are left out."""
    known = text("value_date IS NOT NULL")
    return Index(f"ix_{fact}_value_date", "value_date", sqlite_where=known, postgresql_where=known)


class FactProcess(SQLModel, table=True):
    """Grain: a contracting process."""

    __tablename__ = "fact_process"
    __table_args__ = (by_value_date("fact_process"),)
    process_key: int = fact_key()
    ocid: str = Field(unique=True)
    silver_batch: int = Field(index=True)
    source_key: int = key()
    procedure_key: int = key()
    status_key: int = key()
    buyer_key: int = key(index=True)
    procuring_entity_key: int = key()
    classification_key: int = key()
    location_key: int = key()
    currency_key: int = key()
    first_published_date_key: int | None = None
    last_published_date_key: int | None = None
    tender_start_date_key: int | None = None
    tender_end_date_key: int | None = None
    first_published: datetime | None = moment()
    last_published: datetime | None = indexed_moment()
    updated_at: datetime | None = indexed_moment()  # of the row, or of its awards, contracts or items
    tender_start: datetime | None = moment()
    tender_end: datetime | None = moment()
    title: str | None = None
    description: str | None = None
    language: str | None = None
    tags: str | None = None
    releases: int = 0
    amount: float | None = Field(default=None, sa_column=Column(Money(), nullable=True, index=True))
    min_amount: float | None = money()
    budget_amount: float | None = money()
    budget_currency: str | None = None
    amount_note: str | None = None  # code of the note that keeps the amount out of conversion and sums
    value_date: date | None = day()  # the day whose exchange rate applies
    amount_base: float | None = money()
    base_currency: str | None = None
    rate: float | None = number()
    rate_date: date | None = day()
    rate_source: str | None = None  # ids of exchange-rate records; null for an amount in the base currency
    framework: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    ceiling_base: float | None = money()  # the amount of a framework, whose amount_base is null
    number_of_tenderers: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    awards: int = 0
    contracts: int = 0
    items: int = 0
    documents: int = 0
    notes: int = 0
    bids: int = counted()
    transactions: int = counted()
    amendments: int = counted()


class FactAward(SQLModel, table=True):
    """Grain: award × supplier.

    `amount` is additive: an equal share of the award's value, `award_amount` is all of it.
    """

    __tablename__ = "fact_award"
    __table_args__ = (by_value_date("fact_award"),)
    award_key: int = fact_key()
    process_key: int = key(index=True)
    silver_batch: int
    ocid: str
    position: int
    award_id: str | None = None
    supplier_key: int = key(index=True)
    buyer_key: int = key(index=True)
    source_key: int = key()
    procedure_key: int = key()
    status_key: int = key()
    classification_key: int = key()
    currency_key: int = key()
    date_key: int | None = None
    award_date: datetime | None = Field(default=None, sa_column=Column(Instant(), nullable=True, index=True))
    title: str | None = None
    description: str | None = None
    suppliers: int = 0
    award_amount: float | None = money()
    amount: float | None = money()
    amount_note: str | None = None  # code of the note that keeps the amount out of conversion and sums
    value_date: date | None = day()  # the day whose exchange rate applies
    amount_base: float | None = money()
    base_currency: str | None = None
    rate: float | None = number()
    rate_date: date | None = day()
    rate_source: str | None = None  # ids of exchange-rate records; null for an amount in the base currency
    framework: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    ceiling_base: float | None = money()  # the amount of a framework, whose amount_base is null


class FactContract(SQLModel, table=True):
    """Grain: a contract."""

    __tablename__ = "fact_contract"
    __table_args__ = (by_value_date("fact_contract"),)
    contract_key: int = fact_key()
    process_key: int = key(index=True)
    silver_batch: int
    ocid: str
    position: int
    contract_id: str | None = None
    award_id: str | None = None
    buyer_key: int = key()
    source_key: int = key()
    procedure_key: int = key()
    status_key: int = key()
    currency_key: int = key()
    signed_date_key: int | None = None
    start_date_key: int | None = None
    end_date_key: int | None = None
    date_signed: datetime | None = moment()
    start: datetime | None = moment()
    end: datetime | None = Field(default=None, sa_column=Column("end", Instant(), nullable=True))
    title: str | None = None
    description: str | None = None
    amount: float | None = money()
    amount_note: str | None = None  # code of the note that keeps the amount out of conversion and sums
    value_date: date | None = day()  # the day whose exchange rate applies
    amount_base: float | None = money()
    base_currency: str | None = None
    rate: float | None = number()
    rate_date: date | None = day()
    rate_source: str | None = None  # ids of exchange-rate records; null for an amount in the base currency
    framework: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    ceiling_base: float | None = money()  # the amount of a framework, whose amount_base is null


class FactItem(SQLModel, table=True):
    """Grain: an item of a tender, an award or a contract."""

    __tablename__ = "fact_item"
    __table_args__ = (by_value_date("fact_item"),)
    item_key: int = fact_key()
    process_key: int = key(index=True)
    silver_batch: int
    ocid: str
    level: str
    parent_position: int
    parent_id: str | None = None
    position: int
    item_id: str | None = None
    buyer_key: int = key()
    source_key: int = key()
    classification_key: int = key()
    location_key: int = key()
    unit_currency_key: int = key()
    description: str | None = None
    codes: str | None = None
    quantity: float | None = number()
    unit: str | None = None
    unit_amount: float | None = money()
    amount_note: str | None = None  # code of the note that keeps the amount out of conversion and sums
    value_date: date | None = day()  # the day whose exchange rate applies
    unit_amount_base: float | None = money()
    base_currency: str | None = None
    rate: float | None = number()
    rate_date: date | None = day()
    rate_source: str | None = None  # ids of exchange-rate records; null for an amount in the base currency


class BridgeProcessOrganization(SQLModel, table=True):
    """The organisation versions of a process and their roles: one row per process × organisation × role."""

    __tablename__ = "bridge_process_organization"
    __table_args__ = (Index("ix_bridge_organization", "organization_key", "last_published"),)
    process_key: int = key(primary=True)
    organization_key: int = key(primary=True)
    role: str = Field(primary_key=True)
    organization_id: str
    last_published: datetime | None = moment()


class DimOrganization(SQLModel, table=True):
    """One row per version of an organisation (type 2 history): a distinct set of attributes in a process."""

    __tablename__ = "dim_organization"
    organization_key: int = key(primary=True)
    organization_id: str = Field(index=True)
    # The organisation that matching takes it for: the same for all versions (type 1).
    identity: str = Field(index=True)
    name: str | None = None
    scheme: str | None = None
    identifier: str | None = None
    legal_name: str | None = None
    street: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    scale: str | None = None
    url: str | None = None
    parent_id: str | None = None
    # From a reference table; takes precedence over processes.
    reference: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    valid_from: datetime | None = moment()
    valid_to: datetime | None = moment()
    is_current: bool = False
    uses: int = 0
    updated_at: datetime | None = indexed_moment()


class OrganizationTotal(SQLModel, table=True):
    """Totals of an organisation in a role ('' = any): distinct processes, awards, and the worth of `priced`
    awards in cents of the base currency."""

    __tablename__ = "organization_total"
    organization_id: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    processes: int = 0
    awards: int = 0
    priced: int = 0
    cents: int = Field(default=0, sa_column=Column(BigId, nullable=False))


class TouchedOrganization(SQLModel, table=True):
    """The newest silver batch that changed an organisation, deleted ones included; read by the index stage."""

    __tablename__ = "touched_organization"
    organization_id: str = Field(primary_key=True)
    silver_batch: int = Field(index=True)
    updated_at: datetime | None = moment()  # when it was marked


class DimProcedure(SQLModel, table=True):
    """Method × details × main category."""

    __tablename__ = "dim_procedure"
    procedure_key: int = key(primary=True)
    method: str | None = None
    details: str | None = None
    category: str | None = None
    uses: int = 0
    updated_at: datetime | None = moment()


class DimClassification(SQLModel, table=True):
    """A code of a scheme; for CPV with its division, group, class and category, and the code above it."""

    __tablename__ = "dim_classification"
    classification_key: int = key(primary=True)
    scheme: str | None = None
    code: str | None = None
    description: str | None = None
    division: str | None = None
    group: str | None = Field(default=None, sa_column_kwargs={"name": "group"})
    class_: str | None = Field(default=None, sa_column_kwargs={"name": "class"})
    category: str | None = None
    parent: str | None = None
    # From a reference table, not used by a fact.
    reference: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    uses: int = 0
    updated_at: datetime | None = moment()


class DimLocation(SQLModel, table=True):
    """A place as published, with its country (ISO 3166-1) and region (NUTS, ITL) as codes."""

    __tablename__ = "dim_location"
    location_key: int = key(primary=True)
    country: str | None = None
    region: str | None = None
    locality: str | None = None
    country_code: str | None = None
    region_code: str | None = None
    uses: int = 0
    updated_at: datetime | None = moment()


class DimCurrency(SQLModel, table=True):
    """An ISO 4217 code."""

    __tablename__ = "dim_currency"
    currency_key: int = key(primary=True)
    code: str | None = None
    uses: int = 0
    updated_at: datetime | None = moment()


class DimSource(SQLModel, table=True):
    """A publisher: ocid prefix, name, licence."""

    __tablename__ = "dim_source"
    source_key: int = key(primary=True)
    prefix: str | None = None
    publisher: str | None = None
    license: str | None = None
    uses: int = 0
    updated_at: datetime | None = moment()


class DimExchangeRate(SQLModel, table=True):
    """An exchange rate: on `date`, 1 `base` = `rate` `currency`.

    Facts don't reference it: they store their own rate.
    """

    __tablename__ = "dim_exchange_rate"
    __table_args__ = (Index("ix_dim_exchange_rate_date", "date"),)
    rate_key: int = key(primary=True)
    date: date
    base: str
    currency: str
    rate: float = Field(sa_column=Column(Double(), nullable=False))
    silver_batch: int
    updated_at: datetime | None = indexed_moment()


class DimStatus(SQLModel, table=True):
    """A status as published, of a process, award, contract or bid (`of`)."""

    __tablename__ = "dim_status"
    status_key: int = key(primary=True)
    of: str
    status: str | None = None
    counts: bool | None = None  # whether an award or contract of it is part of what was won and spent
    uses: int = 0
    updated_at: datetime | None = moment()


class DimDate(SQLModel, table=True):
    """The calendar. `date_key` is yyyymmdd."""

    __tablename__ = "dim_date"
    date_key: int = key(primary=True)
    date: date
    year: int
    quarter: int
    month: int
    month_name: str
    day: int
    iso_year: int
    iso_week: int
    weekday: int
    weekday_name: str
    is_weekend: bool
    fiscal_year: int
    fiscal_quarter: int
    updated_at: datetime | None = moment()

"""Tables of bids, payments and amendments."""

from datetime import date, datetime

from sqlmodel import SQLModel

from infrastructure.warehouse.star.tables import by_value_date, day, fact_key, key, moment, money, number


class FactBid(SQLModel, table=True):
    """Grain: bid x tenderer; a bid without tenderers has one row of the unknown tenderer.

    `amount` is additive: an equal share of the bid's value, `bid_amount` is all of it.
    """

    __tablename__ = "fact_bid"
    __table_args__ = (by_value_date("fact_bid"),)
    bid_key: int = fact_key()
    process_key: int = key(index=True)
    silver_batch: int
    ocid: str
    position: int
    bid_id: str | None = None
    tenderer_key: int = key(index=True)
    buyer_key: int = key()
    source_key: int = key()
    procedure_key: int = key()
    classification_key: int = key()
    status_key: int = key()
    currency_key: int = key()
    date_key: int | None = None
    bid_date: datetime | None = moment()
    tenderers: int = 0
    bid_amount: float | None = money()
    amount: float | None = money()
    amount_note: str | None = None  # code of the note that keeps the amount out of conversion and sums
    value_date: date | None = day()  # the day whose exchange rate applies
    amount_base: float | None = money()
    base_currency: str | None = None
    rate: float | None = number()
    rate_date: date | None = day()
    rate_source: str | None = None  # ids of exchange-rate records; null for an amount in the base currency


class FactTransaction(SQLModel, table=True):
    """Grain: a payment of a contract, which is at `parent_position`."""

    __tablename__ = "fact_transaction"
    __table_args__ = (by_value_date("fact_transaction"),)
    transaction_key: int = fact_key()
    process_key: int = key(index=True)
    silver_batch: int
    ocid: str
    parent_position: int
    contract_id: str | None = None
    position: int
    transaction_id: str | None = None
    payer_key: int = key()
    payee_key: int = key(index=True)
    buyer_key: int = key()
    source_key: int = key()
    procedure_key: int = key()
    classification_key: int = key()
    currency_key: int = key()
    date_key: int | None = None
    transaction_date: datetime | None = moment()
    amount: float | None = money()
    amount_note: str | None = None  # code of the note that keeps the amount out of conversion and sums
    value_date: date | None = day()  # the day whose exchange rate applies
    amount_base: float | None = money()
    base_currency: str | None = None
    rate: float | None = number()
    rate_date: date | None = day()
    rate_source: str | None = None  # ids of exchange-rate records; null for an amount in the base currency
    data_source: str | None = None  # transaction.source as published
    url: str | None = None


class FactAmendment(SQLModel, table=True):
    """Grain: an amendment of a tender, an award or a contract (`level`)."""

    __tablename__ = "fact_amendment"
    amendment_key: int = fact_key()
    process_key: int = key(index=True)
    silver_batch: int
    ocid: str
    level: str
    parent_position: int
    parent_id: str | None = None
    position: int
    amendment_id: str | None = None
    buyer_key: int = key()
    source_key: int = key()
    procedure_key: int = key()
    date_key: int | None = None
    amendment_date: datetime | None = moment()
    rationale: str | None = None
    description: str | None = None
    amends_release_id: str | None = None
    release_id: str | None = None

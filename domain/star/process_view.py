"""Models of a contracting process in the star, with its dimensions resolved, under the names of OCDS."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Organization(BaseModel):
    """An organisation in a role. `id` is its business key: a registered identifier if the publisher gave one."""

    id: str | None = Field(examples=["GB-COH-01234567"])
    name: str | None = Field(examples=["Northshire County Council"])
    country: str | None = None
    region: str | None = None
    locality: str | None = None


class Party(Organization):
    """An organisation with all its roles in the process."""

    roles: list[str] = Field(examples=[["buyer", "procuringEntity"]])


class Source(BaseModel):
    """The publication's source: the ocid's prefix, the publisher's name, the licence."""

    prefix: str | None = Field(examples=["ocds-b5fd17"])
    publisher: str | None = None
    license: str | None = None


class Classification(BaseModel):
    """What is procured, as a code of a scheme such as CPV."""

    scheme: str | None = Field(examples=["CPV"])
    code: str | None = Field(examples=["45233142"])
    description: str | None = None


class Location(BaseModel):
    """The place of delivery, else the buyer's address."""

    country: str | None = None
    region: str | None = None
    locality: str | None = None
    country_code: str | None = Field(None, description="ISO 3166-1 alpha-2", examples=["GB"])
    region_code: str | None = Field(None, description="NUTS or ITL code", examples=["UKM82"])


class ProcessCounts(BaseModel):
    """Number of releases, and of elements of the process of each kind."""

    releases: int
    awards: int
    contracts: int
    items: int
    documents: int
    notes: int = Field(description="data-quality notes: repaired or doubtful values")
    bids: int
    transactions: int
    amendments: int


class Process(BaseModel):
    """A contracting process in its current state."""

    ocid: str = Field(examples=["ocds-b5fd17-1a2b3c"])
    title: str | None = Field(examples=["Resurfacing of county roads"])
    description: str | None
    status: str | None = Field(description="the tender's status as published", examples=["complete"])
    method: str | None = Field(description="tender.procurementMethod", examples=["open"])
    method_details: str | None
    category: str | None = Field(description="tender.mainProcurementCategory", examples=["works"])
    buyer: Organization | None = Field(description="null if the publisher names none")
    procuring_entity: Organization | None
    source: Source
    classification: Classification
    location: Location
    amount: float | None = Field(description="the tender's value as published", examples=[250000.0])
    currency: str | None = Field(examples=["GBP"])
    min_amount: float | None
    budget_amount: float | None
    budget_currency: str | None
    amount_note: str | None = Field(description="why the value is not converted: placeholder_amount, currency_unknown")
    amount_base: float | None = Field(description="the value in the base currency; null without a known rate")
    framework: bool = Field(description="whether it sets up a framework agreement: its values are ceilings, not spend")
    ceiling_base: float | None = Field(description="the value of a framework in the base currency")
    number_of_tenderers: int | None
    first_published: datetime | None
    last_published: datetime | None
    tender_start: datetime | None
    tender_end: datetime | None
    language: str | None
    tags: list[str] = Field(
        description="tags of its releases, in order of first appearance", examples=[["tender", "award"]]
    )
    counts: ProcessCounts
    process_key: str = Field(description="surrogate key, as text: its 63 bits exceed a JavaScript number")
    silver_batch: int = Field(description="the refine run that made this row")
    links: dict[str, str]


class Supplier(Organization):
    """A supplier of an award, or a tenderer of a bid, with its equal share of the value."""

    amount: float | None


class Item(BaseModel):
    """An item of the tender, an award or a contract (`level`, `parent_id`)."""

    item_id: str | None
    level: str
    parent_id: str | None
    description: str | None
    classification: Classification
    codes: list[str] = Field(description="every classification as SCHEME:code")
    location: Location
    quantity: float | None
    unit: str | None
    unit_amount: float | None
    unit_currency: str | None


class Award(BaseModel):
    """An award and its suppliers."""

    award_id: str | None
    title: str | None
    description: str | None
    status: str | None
    date: datetime | None
    amount: float | None = Field(description="the whole award's value, as published")
    currency: str | None
    suppliers: list[Supplier]


class Contract(BaseModel):
    """A contract signed for an award."""

    contract_id: str | None
    award_id: str | None
    title: str | None
    description: str | None
    status: str | None
    date_signed: datetime | None
    start: datetime | None
    end: datetime | None
    amount: float | None
    currency: str | None


class Bid(BaseModel):
    """A bid and its tenderers."""

    bid_id: str | None
    status: str | None
    date: datetime | None
    amount: float | None = Field(description="the whole bid's value, as published")
    currency: str | None
    tenderers: list[Supplier]


class Transaction(BaseModel):
    """A payment of a contract."""

    transaction_id: str | None
    contract_id: str | None
    date: datetime | None
    amount: float | None
    currency: str | None
    amount_base: float | None
    payer: Organization | None
    payee: Organization | None
    data_source: str | None = Field(description="the transaction's source as published")
    url: str | None


class Amendment(BaseModel):
    """An amendment of the tender, an award or a contract (`level`, `parent_id`)."""

    amendment_id: str | None
    level: str
    parent_id: str | None
    date: datetime | None
    rationale: str | None
    description: str | None
    amends_release_id: str | None
    release_id: str | None


class RedFlag(BaseModel):
    """A result of an indicator for the process or an organisation in it: a signal to look into, not an accusation."""

    indicator: str = Field(examples=["R018"])
    name: str = Field(examples=["Single bid received"])
    subject: str = Field(description="process or organization")
    organization: Organization | None = Field(description="the organisation that the flag of a process names")
    role: str | None
    result: str = Field(description="flagged, not_flagged or not_computable")
    value: float | None
    missing: str | None = Field(description="why it is not computable: the missing inputs, or the exclusion")
    evidence: dict[str, Any] | None = Field(description="the facts that it is of, by kind: surrogate keys, or ocids")
    links: dict[str, str] = Field(description="to the indicator, the process, its raw records, and the facts")


class ProcessDetail(Process):
    """A contracting process with its parties, bids, awards, contracts, transactions, amendments, items and red
    flags."""

    parties: list[Party]
    bids: list[Bid]
    awards: list[Award]
    contracts: list[Contract]
    transactions: list[Transaction]
    amendments: list[Amendment]
    items: list[Item]
    red_flags: list[RedFlag] = Field(description="every result of the indicators of processes, flagged ones first")


def field_names(model: type[BaseModel]) -> list[str]:
    """Return the names of a model's fields."""
    return list(model.model_fields)

"""A contracting process of the star as people read it: its dimensions resolved, under the names of the standard."""

from datetime import datetime

from pydantic import BaseModel, Field


class Organization(BaseModel):
    """An organisation in a role. `id` is its business key: a registered identifier where the publisher gave one."""

    id: str | None = Field(examples=["GB-COH-01234567"])
    name: str | None = Field(examples=["Northshire County Council"])
    country: str | None = None
    region: str | None = None
    locality: str | None = None


class Party(Organization):
    """An organisation with every role it has in the process."""

    roles: list[str] = Field(examples=[["buyer", "procuringEntity"]])


class Source(BaseModel):
    """Who published it: the ocid's prefix, the publisher's name, the licence."""

    prefix: str | None = Field(examples=["ocds-b5fd17"])
    publisher: str | None = None
    license: str | None = None


class Classification(BaseModel):
    """What is bought, in a scheme such as CPV."""

    scheme: str | None = Field(examples=["CPV"])
    code: str | None = Field(examples=["45233142"])
    description: str | None = None


class Location(BaseModel):
    """Where it is delivered, or where the buyer sits."""

    country: str | None = None
    region: str | None = None
    locality: str | None = None


class ProcessCounts(BaseModel):
    """How many of each the process has."""

    releases: int
    awards: int
    contracts: int
    items: int
    documents: int
    notes: int = Field(description="data-quality notes: what was repaired or is doubtful")


class Process(BaseModel):
    """A contracting process as it stands."""

    ocid: str = Field(examples=["ocds-b5fd17-1a2b3c"])
    title: str | None = Field(examples=["Resurfacing of county roads"])
    description: str | None
    status: str | None = Field(description="the tender's status as published", examples=["complete"])
    method: str | None = Field(description="tender.procurementMethod", examples=["open"])
    method_details: str | None
    category: str | None = Field(description="tender.mainProcurementCategory", examples=["works"])
    buyer: Organization | None = Field(description="null where the publisher names none")
    procuring_entity: Organization | None
    source: Source
    classification: Classification
    location: Location
    amount: float | None = Field(description="the tender's value as published", examples=[250000.0])
    currency: str | None = Field(examples=["GBP"])
    min_amount: float | None
    budget_amount: float | None
    budget_currency: str | None
    amount_base: float | None = Field(description="the value in the base currency, null where no rate is known")
    number_of_tenderers: int | None
    first_published: datetime | None
    last_published: datetime | None
    tender_start: datetime | None
    tender_end: datetime | None
    language: str | None
    tags: list[str] = Field(description="tags of its releases, in order of first appearance", examples=[["tender", "award"]])
    counts: ProcessCounts
    process_key: str = Field(description="surrogate key, as text: 63 bits are more than a JavaScript number holds")
    silver_batch: int = Field(description="the refine run that made this row")
    links: dict[str, str]


class Supplier(Organization):
    """A supplier of an award with its equal share of the award's value."""

    amount: float | None


class Item(BaseModel):
    """An item of the tender, an award or a contract, as `level` and `parent_id` say."""

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


class ProcessDetail(Process):
    """A contracting process with all that hangs on it."""

    parties: list[Party]
    awards: list[Award]
    contracts: list[Contract]
    items: list[Item]


def field_names(model: type[BaseModel]) -> list[str]:
    """The names of a model's fields."""
    return list(model.model_fields)

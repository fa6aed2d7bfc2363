"""The part of an OCDS 1.1 release that the star needs, as strict pydantic models; names are the standard's own.

Unknown fields are ignored here and kept in the payload. Releases are judged by `checker(Release)`, and the flattening reads payloads under
`polars_type(Compiled)` (both in domain/ocds/model_types.py), so what is accepted is exactly what it can read: one definition, two uses. Every field
may be absent or null but a release's ocid and date.
`Release` is judged by more than the flattening reads yet (bids, lots, transactions), so that what bronze holds stays readable.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler

MAX_TENDERERS = 2**31 - 1  # what any database's integer holds


class IdSchema:
    """Strict, as the standard has it: a text or a whole number; anything else is one error, that of a text."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> Any:
        either = [{"type": "str", "strict": True}, {"type": "int", "strict": True}]
        return {"type": "union", "choices": either, "custom_error_type": "string_type"}


Id = Annotated[str | int, IdSchema()]  # a text in the star


class Model(BaseModel):
    """Strict: a number is no text and a text is no number. What else a publisher says is ignored here."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Value(Model):
    """An amount of money as published."""

    amount: float | None = None
    currency: str | None = None


class Period(Model):
    """Dates as published."""

    startDate: str | None = None
    endDate: str | None = None


class Classification(Model):
    """A code of a scheme."""

    scheme: str | None = None
    id: Id | None = None
    description: str | None = None


class Address(Model):
    """A postal address; `country` is in some profiles, `countryName` in OCDS 1.1."""

    streetAddress: str | None = None
    locality: str | None = None
    region: str | None = None
    postalCode: str | None = None
    countryName: str | None = None
    country: str | None = None


class Unit(Model):
    """The unit of an item's quantity."""

    name: str | None = None
    value: Value | None = None


class Item(Model):
    """Something bought."""

    id: Id | None = None
    description: str | None = None
    classification: Classification | None = None
    additionalClassifications: list[Classification] | None = None
    quantity: float | None = None
    unit: Unit | None = None
    deliveryAddresses: list[Address] | None = None
    deliveryAddress: Address | None = None


class Document(Model):
    """A published document."""

    id: Id | None = None
    documentType: str | None = None
    title: str | None = None
    description: str | None = None
    url: str | None = None
    format: str | None = None
    language: str | None = None
    datePublished: str | None = None


class Identifier(Model):
    """A registered identifier."""

    scheme: str | None = None
    id: Id | None = None
    legalName: str | None = None


class OrganizationReference(Model):
    """An organisation referred to by id and name, as in OCDS 1.1, or embedded whole, as in OCDS 1.0."""

    id: Id | None = None
    name: str | None = None
    identifier: Identifier | None = None
    address: Address | None = None


class Details(Model):
    """What profiles say of an organisation."""

    scale: str | None = None
    url: str | None = None


class Party(OrganizationReference):
    """An organisation in its roles."""

    roles: list[str] | None = None
    details: Details | None = None


class Budget(Model):
    """What is planned to be spent."""

    amount: Value | None = None


class Planning(Model):
    """The planning stage."""

    budget: Budget | None = None
    documents: list[Document] | None = None


class Tender(Model):
    """The tender stage."""

    id: Id | None = None
    title: str | None = None
    description: str | None = None
    status: str | None = None
    procurementMethod: str | None = None
    procurementMethodDetails: str | None = None
    mainProcurementCategory: str | None = None
    classification: Classification | None = None
    value: Value | None = None
    minValue: Value | None = None
    tenderPeriod: Period | None = None
    awardPeriod: Period | None = None
    contractPeriod: Period | None = None
    numberOfTenderers: int | None = Field(default=None, ge=0, le=MAX_TENDERERS)
    procuringEntity: OrganizationReference | None = None
    tenderers: list[OrganizationReference] | None = None
    items: list[Item] | None = None
    documents: list[Document] | None = None


class Award(Model):
    """An award."""

    id: Id | None = None
    title: str | None = None
    description: str | None = None
    status: str | None = None
    date: str | None = None
    value: Value | None = None
    suppliers: list[OrganizationReference] | None = None
    items: list[Item] | None = None
    documents: list[Document] | None = None
    contractPeriod: Period | None = None


class Payment(Model):
    """Who paid whom."""

    payer: OrganizationReference | None = None
    payee: OrganizationReference | None = None


class Payments(Model):
    """The payments of a contract."""

    transactions: list[Payment] | None = None


class Contract(Model):
    """A contract; `suppliers` is of an extension."""

    id: Id | None = None
    awardID: Id | None = None
    title: str | None = None
    description: str | None = None
    status: str | None = None
    dateSigned: str | None = None
    value: Value | None = None
    period: Period | None = None
    suppliers: list[OrganizationReference] | None = None
    items: list[Item] | None = None
    documents: list[Document] | None = None
    implementation: Payments | None = None


class Offer(Model):
    """Who made a bid."""

    tenderers: list[OrganizationReference] | None = None


class Offers(Model):
    """The bids to a tender (the bids extension)."""

    details: list[Offer] | None = None


class CompiledReleaseModel(Model):
    """What the flattening reads of a compiled release."""

    ocid: str
    language: str | None = None
    initiationType: str | None = None
    buyer: OrganizationReference | None = None
    parties: list[Party] | None = None
    planning: Planning | None = None
    tender: Tender | None = None
    awards: list[Award] | None = None
    contracts: list[Contract] | None = None
    bids: Offers | None = None


class JudgedParty(Party):
    """A party with its other identifiers."""

    additionalIdentifiers: list[Identifier] | None = None


class Lot(Model):
    """A part of a tender that is awarded by itself."""

    id: Id | None = None
    title: str | None = None
    status: str | None = None
    value: Value | None = None


class JudgedTender(Tender):
    """A tender with its lots."""

    lots: list[Lot] | None = None


class Transaction(Payment):
    """A payment."""

    id: Id | None = None
    date: str | None = None
    value: Value | None = None


class Implementation(Payments):
    """What became of a contract."""

    transactions: list[Transaction] | None = None  # type: ignore[assignment]


class JudgedContract(Contract):
    """A contract with its implementation."""

    implementation: Implementation | None = None


class Bid(Offer):
    """An offer of one or more tenderers."""

    id: Id | None = None
    date: str | None = None
    status: str | None = None
    value: Value | None = None
    items: list[Item] | None = None


class Bids(Offers):
    """The offers to a tender."""

    details: list[Bid] | None = None  # type: ignore[assignment]


class Release(CompiledReleaseModel):
    """One release, judged strictly."""

    id: Id
    date: str
    tag: list[str] | None = None
    parties: list[JudgedParty] | None = None  # type: ignore[assignment]  # narrower than what Compiled reads, on purpose
    tender: JudgedTender | None = None
    contracts: list[JudgedContract] | None = None  # type: ignore[assignment]
    bids: Bids | None = None

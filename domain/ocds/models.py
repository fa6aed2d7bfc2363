"""Strict pydantic models of the part of an OCDS 1.1 release that the star needs; field names are the standard's.

Unknown fields are ignored here and kept in the payload. `checker(Release)` validates releases; the flattening reads
payloads as `polars_type(CompiledReleaseModel)` (both in domain/ocds/model_types.py): one definition, so that everything
accepted can be read. All fields except a release's ocid and date may be absent or null.
`Release` also validates members that the flattening does not read yet (lots, items of bids), so that bronze stays
readable when it does.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler

MAX_TENDERERS = 2**31 - 1  # largest integer of a 32-bit column


class IdSchema:
    """Schema of an OCDS id: a strict string or integer; any other type is a single error of type string."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> Any:
        choices = [{"type": "str", "strict": True}, {"type": "int", "strict": True}]
        return {"type": "union", "choices": choices, "custom_error_type": "string_type"}


Id = Annotated[str | int, IdSchema()]  # a string in the star


class Model(BaseModel):
    """Strict: numbers and strings are not converted into each other. Unknown members are ignored."""

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
    """Details of an organisation that profiles add."""

    scale: str | None = None
    url: str | None = None


class Party(OrganizationReference):
    """An organisation in its roles."""

    roles: list[str] | None = None
    details: Details | None = None


class Budget(Model):
    """The planned spending."""

    amount: Value | None = None


class Planning(Model):
    """The planning stage."""

    budget: Budget | None = None
    documents: list[Document] | None = None


class Amendment(Model):
    """A change to a tender, an award or a contract."""

    id: Id | None = None
    date: str | None = None
    rationale: str | None = None
    description: str | None = None
    amendsReleaseID: str | None = None
    releaseID: str | None = None


class Amended(Model):
    """Something with amendments; `amendment` is the only one of OCDS 1.0, deprecated since."""

    amendments: list[Amendment] | None = None
    amendment: Amendment | None = None


class FrameworkAgreement(Model):
    """The framework agreement that a tender sets up; its members are kept in the compiled release only."""

    type: str | None = None


class Techniques(Model):
    """The techniques of a tender (extension)."""

    hasFrameworkAgreement: bool | None = None
    frameworkAgreement: FrameworkAgreement | None = None


class Tender(Amended):
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
    techniques: Techniques | None = None
    numberOfTenderers: int | None = Field(default=None, ge=0, le=MAX_TENDERERS)
    procuringEntity: OrganizationReference | None = None
    tenderers: list[OrganizationReference] | None = None
    items: list[Item] | None = None
    documents: list[Document] | None = None


class Award(Amended):
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


class Transaction(Model):
    """A payment. OCDS 1.0 has `amount` for `value`, and identifiers of organisations for `payer` and `payee`."""

    id: Id | None = None
    date: str | None = None
    value: Value | None = None
    amount: Value | None = None
    payer: OrganizationReference | None = None
    payee: OrganizationReference | None = None
    providerOrganization: Identifier | None = None
    receiverOrganization: Identifier | None = None
    source: str | None = None
    uri: str | None = None


class Implementation(Model):
    """The implementation of a contract, with its payments."""

    transactions: list[Transaction] | None = None


class Contract(Amended):
    """A contract; `suppliers` comes from an extension."""

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
    implementation: Implementation | None = None


class Bid(Model):
    """An offer of one or more tenderers (the bids extension)."""

    id: Id | None = None
    date: str | None = None
    status: str | None = None
    value: Value | None = None
    tenderers: list[OrganizationReference] | None = None


class Bids(Model):
    """The bids to a tender."""

    details: list[Bid] | None = None


class CompiledReleaseModel(Model):
    """The members of a compiled release that the flattening reads."""

    ocid: str
    language: str | None = None
    initiationType: str | None = None
    buyer: OrganizationReference | None = None
    parties: list[Party] | None = None
    planning: Planning | None = None
    tender: Tender | None = None
    awards: list[Award] | None = None
    contracts: list[Contract] | None = None
    bids: Bids | None = None


class ValidatedParty(Party):
    """A party with its other identifiers."""

    additionalIdentifiers: list[Identifier] | None = None


class Lot(Model):
    """A part of a tender that is awarded separately."""

    id: Id | None = None
    title: str | None = None
    status: str | None = None
    value: Value | None = None


class ValidatedTender(Tender):
    """A tender with its lots."""

    lots: list[Lot] | None = None


class ValidatedBid(Bid):
    """A bid with its items."""

    items: list[Item] | None = None


class ValidatedBids(Bids):
    """The bids, with their items."""

    details: list[ValidatedBid] | None = None  # type: ignore[assignment]


class Release(CompiledReleaseModel):
    """One release, validated strictly."""

    id: Id
    date: str
    tag: list[str] | None = None
    parties: list[ValidatedParty] | None = None  # type: ignore[assignment]  # narrower than the base model
    tender: ValidatedTender | None = None
    bids: ValidatedBids | None = None

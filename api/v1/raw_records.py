"""/v1/raw/{kind}…: reads and changes raw records, singly or in bulk. Every change is a job."""

from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.auth import Reader
from api.context import Context
from api.openapi import answers
from api.requests.parameters import Cursor, From, Until, json_response, next_link, strict_router
from api.responses.entity_tags import KnownVersion, tagged
from api.v1.job_responses import CHANGE
from api.v1.raw_record_bodies import JSON, PATCHES, PDF, deletions, media_type, patches, puts
from api.v1.raw_record_change import Change, KindName
from api.v1.raw_record_schemas import (
    DELETE_BODY,
    IDS,
    PATCH_BODY,
    PATCH_MANY_BODY,
    POST_BODY,
    PUT_BODY,
    PUT_MANY_BODY,
    TAGGED,
    RawRecords,
    RawVersions,
)
from api.v1.schemas import JobAnswer
from api.v1.uploads import Ocid, store_upload
from domain.raw_records.listing import RawFilter, RawVersion
from domain.raw_records.operations import Op, Operation
from domain.raw_records.record import RECORD_ID_MAX_CHARACTERS, Kind, RawRecord
from domain.shared.errors import UnprocessableError
from services.raw_records.queries import get_record, get_version, list_records, list_versions

router = strict_router("/v1/raw", "raw records")
Id = Annotated[
    str,
    Path(
        description="the record's id, as the list gives it",
        max_length=RECORD_ID_MAX_CHARACTERS,
        examples=list(IDS.values()),
    ),
]
Ids = Annotated[list[str] | None, Query(alias="id", description="ids of records; repeatable", max_length=1_000)]
Number = Annotated[int, Path(ge=1, lt=2**31, description="the version, 1 for the first")]
Atomic = Annotated[bool, Query(description="all or nothing: one refused element refuses all elements")]
Purge = Annotated[
    bool, Query(description="erase the content irrecoverably, in all versions and uploaded files; needs the role admin")
]
IfMatch = Annotated[str | None, Header(description="only if it has this version (ETag); `*`: only if it exists")]
IfNoneMatch = Annotated[str | None, Header(description="`*`: only if the record does not exist yet")]
Name = Annotated[
    str | None,
    Query(max_length=1_000, description="the name of a file that is the body itself (PDF)", examples=["notice-7.pdf"]),
]
CHANGES: dict[int | str, dict[str, Any]] = {**CHANGE, **answers(408, 413, 415, 507)}
ONE: dict[int | str, dict[str, Any]] = {**CHANGES, **answers(404, 412)}


class RawQuery(BaseModel):
    """Query parameters of the list of raw records."""

    id: list[str] = Field([], description="only these records", max_length=1_000)
    ocid: list[str] = Field([], description="only records of these contracting processes", max_length=1_000)
    job: list[str] = Field(
        [], description="only records whose current version was written by one of these jobs", max_length=100
    )
    prefix: str | None = Field(
        None,
        description="only records whose id begins with this",
        examples=["ocds-b5fd17-", "EUR-USD-2024-01"],
        max_length=RECORD_ID_MAX_CHARACTERS,
    )
    updated_from: From | None = Field(None, description="last changed on or after this date or instant")
    updated_to: Until | None = Field(None, description="last changed on or before this date or instant")
    updated_since: From | None = Field(None, description="the same as updated_from, as other lists name it")
    deleted: bool = Field(False, description="deleted records instead of present ones; they have no payload")
    cursor: Cursor = None
    limit: int = Field(50, ge=1, le=1000, description="largest number of records in a page")


@router.get("/{kind}", response_model=RawRecords)
def records(
    request: Request, kind: KindName, context: Context, _: Reader, parameters: Annotated[RawQuery, Query()]
) -> Response:
    """List the current raw records, ordered by id. An accepted change becomes visible once its job has landed."""
    where = parameters.model_dump(include={"prefix", "updated_to", "deleted"})
    since = max(filter(None, (parameters.updated_from, parameters.updated_since)), default=None)
    page, following = list_records(
        context.parts.warehouse,
        context.parts.lake,
        kind,
        RawFilter(ids=parameters.id, ocids=parameters.ocid, jobs=parameters.job, updated_from=since, **where),
        parameters.cursor,
        parameters.limit,
    )
    return json_response({"items": [one.model_dump() for one in page], "next": next_link(request, following)})


@router.post("/{kind}", status_code=202, response_model=JobAnswer, responses=CHANGES, openapi_extra=POST_BODY)
async def post(change: Change, atomic: Atomic = False, filename: Name = None, ocid: Ocid = None) -> Response:
    """Create or replace a record, or each record of an array of up to 10,000; ids are derived from the content.

    A single record that can't be used is refused at once (422). In an array, a refused element does not affect the
    others; `links.outcomes` of the job lists the outcome of each. A release may also be a release package, a record
    package or an OCDS record. Unchanged content makes no new version. The body of a document may also be a PDF, with
    its `filename` and the `ocid` of its process.
    """
    if change.kind is Kind.DOCUMENTS and media_type(change.request) == PDF:
        return await store_upload(
            change.request, change.context, change.user, change.options, filename, ocid, unnamed="document.pdf"
        )
    content = await change.read(JSON)
    return await change.submit(puts(change.kind, content), atomic=atomic, single=not isinstance(content, list))


@router.put("/{kind}", status_code=202, response_model=JobAnswer, responses=CHANGES, openapi_extra=PUT_MANY_BODY)
async def put_many(change: Change, atomic: Atomic = False) -> Response:
    """Create or replace each record of an array; ids are derived from the content."""
    content = await change.read(JSON)
    if not isinstance(content, list):
        path = f"PUT /v1/raw/{change.kind}/{{id}}"
        raise UnprocessableError(f"the body must be an array of records; one record goes to {path}")
    return await change.submit(puts(change.kind, content), atomic=atomic)


@router.patch("/{kind}", status_code=202, response_model=JobAnswer, responses=CHANGES, openapi_extra=PATCH_MANY_BODY)
async def patch_many(change: Change, ids: Ids = None, atomic: Atomic = False) -> Response:
    """Change many records by JSON Merge Patch (RFC 7396): one patch for every `?id=…`, or an array with one patch each.

    An element is `{"id", "patch"}`, with `if_version` to apply only to that version; or a merge patch that includes the
    identifying fields of the record, such as the `ocid` and `id` of a release.
    """
    content = await change.read(PATCHES)
    return await change.submit(patches(change.kind, content, ids or []), atomic=atomic)


@router.delete("/{kind}", status_code=202, response_model=JobAnswer, responses=CHANGES, openapi_extra=DELETE_BODY)
async def delete_many(change: Change, ids: Ids = None, atomic: Atomic = False, purge: Purge = False) -> Response:
    """Delete many records: every `?id=…`, or an array of ids (or of `{"id", "if_version"}`) in the body."""
    op = change.deletion(purge)
    content = await change.read(JSON, optional=True)
    return await change.submit(deletions(change.kind, content, ids or [], op), atomic=atomic)


@router.get("/{kind}/{record_id}", response_model=RawRecord, responses={**TAGGED, **answers(404)})
def record(kind: KindName, record_id: Id, context: Context, _: Reader, if_none_match: KnownVersion = None) -> Response:
    """Get a raw record: its payload as published apart from the repairs that `notes` list, and its lineage."""
    found, tag = get_record(context.parts.warehouse, context.parts.lake, kind, record_id)
    return tagged(lambda: json_response(found.model_dump()), tag, if_none_match)


@router.put("/{kind}/{record_id}", status_code=202, response_model=JobAnswer, responses=ONE, openapi_extra=PUT_BODY)
async def put(change: Change, record_id: Id, if_match: IfMatch = None, if_none_match: IfNoneMatch = None) -> Response:
    """Create or replace a record. Its content must have that id (otherwise 422)."""
    one = Operation(op=Op.PUT, kind=change.kind, id=record_id, payload=await change.read(JSON))
    return await change.submit([one], single=True, if_match=if_match, if_none_match=if_none_match)


@router.patch("/{kind}/{record_id}", status_code=202, response_model=JobAnswer, responses=ONE, openapi_extra=PATCH_BODY)
async def patch(change: Change, record_id: Id, if_match: IfMatch = None) -> Response:
    """Change a record by JSON Merge Patch (RFC 7396): members are replaced and null removes one.

    Objects are merged, arrays replaced. The patch applies to the record's version at landing, after every change that
    was accepted earlier.
    """
    content = await change.read(PATCHES)
    return await change.submit(patches(change.kind, content, [record_id]), single=True, if_match=if_match)


@router.delete("/{kind}/{record_id}", status_code=202, response_model=JobAnswer, responses=ONE)
async def delete(change: Change, record_id: Id, if_match: IfMatch = None, purge: Purge = False) -> Response:
    """Delete a record: it leaves gold and search; its versions stay readable.

    `purge` erases its content irrecoverably.
    """
    one = Operation(op=change.deletion(purge), kind=change.kind, id=record_id)
    return await change.submit([one], single=True, if_match=if_match)


@router.get("/{kind}/{record_id}/versions", response_model=RawVersions, responses=answers(404))
def versions(kind: KindName, record_id: Id, context: Context, _: Reader) -> Response:
    """List the versions of a record, newest first; also of a deleted one."""
    return json_response(
        {
            "items": [
                one.model_dump() for one in list_versions(context.parts.warehouse, context.parts.lake, kind, record_id)
            ]
        }
    )


@router.get("/{kind}/{record_id}/versions/{version}", response_model=RawVersion, responses={**TAGGED, **answers(404)})
def version(  # pylint: disable=redefined-outer-name
    kind: KindName, record_id: Id, version: Number, context: Context, _: Reader, if_none_match: KnownVersion = None
) -> Response:
    """Get one version of a record."""
    found, tag = get_version(context.parts.warehouse, context.parts.lake, kind, record_id, version)
    return tagged(lambda: json_response(found.model_dump()), tag, if_none_match)

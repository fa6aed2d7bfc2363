"""Turns search requests of clients into `SearchQuery` objects, checked against the fields of the collection."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.search.queries import (
    MAX_HIT_POSITION,
    Collection,
    CollectionSpec,
    FieldSpec,
    Filter,
    Mode,
    SearchQuery,
    SearchResult,
)
from domain.search.search_documents import SPECS
from domain.shared.classification_codes import shorter_spellings, without_scheme
from domain.shared.errors import InvalidError
from domain.shared.whitespace import tidy_text
from services.ports.parts import Parts
from services.ports.search import SearchQueries
from services.search.gold_rows import with_gold_rows
from services.search.query_vectors import with_query_vector
from services.shared.list_values import split_values
from services.star.rows import changed_since

RELEVANCE = "relevance"
SPEC_BY_COLLECTION = {spec.name: spec for spec in SPECS}
# A comma separates values unless a space follows, as in a name ("Department of Health, Wales").
PAGE_HITS = 100  # read at once to find all
DIVISION = 2  # digits of a CPV division, the facet of classifications
Ranges = Mapping[str, tuple[float | datetime | None, float | datetime | None]]


@dataclass(frozen=True)
class SearchRequest:
    """A search as requested: `values` and `ranges` are filters by field; mode None means hybrid."""

    collection: Collection = Collection.PROCESSES
    text: str = ""
    mode: Mode | None = None
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ranges: Ranges = field(default_factory=dict)
    facet_by: Sequence[str] = ()
    sort: str | None = None
    page: int = 1
    per_page: int = 10
    similar_to: str | None = None
    semantic_weight: float = 0.5
    group_by: str | None = None
    group_limit: int = 3
    explain: bool = False
    include: Sequence[str] = ()
    updated_since: datetime | None = None


def search(parts: Parts, request: SearchRequest) -> SearchResult:
    """Run a search. InvalidError for unknown fields of the collection and for pages beyond MAX_HIT_POSITION."""
    query, warning = with_query_vector(parts.search, parts.embedders, to_search_query(request))
    result = parts.search.search(query)
    if result.mode is Mode.KEYWORD and query.mode is Mode.SEMANTIC and warning is None:
        warning = "no documents are embedded yet; these hits were found by word"
    if "gold" in _included(request.include):
        result = result.model_copy(update={"hits": with_gold_rows(parts.warehouse, request.collection, result.hits)})
    return result.model_copy(update={"warning": warning}) if warning else result


def find_processes(parts: Parts, request: SearchRequest) -> Iterator[str]:
    """The ocids of all processes that the search finds, in its order, without its pages.

    InvalidError for other collections, and for more hits than MAX_HIT_POSITION.
    """
    if request.collection is not Collection.PROCESSES:
        raise InvalidError("only a search of processes can be had as OCDS records", parameter="format")
    whole = replace(request, per_page=PAGE_HITS, facet_by=(), group_by=None, include=(), explain=False)
    found = search(parts, replace(whole, page=1))
    if found.found > MAX_HIT_POSITION:
        raise InvalidError(
            f"a record package holds at most {MAX_HIT_POSITION:,} processes, and {found.found:,} are found; narrow the"
            " search, or use /v1/gold/processes",
            parameter="format",
        )
    yield from (hit.id for hit in found.hits)
    for page in range(2, -(-found.found // PAGE_HITS) + 1):
        yield from (hit.id for hit in search(parts, replace(whole, page=page)).hits)


def to_search_query(request: SearchRequest) -> SearchQuery:
    """The query, still without a vector. InvalidError as for `search`."""
    spec = SPEC_BY_COLLECTION[request.collection]
    if request.page * request.per_page > MAX_HIT_POSITION:
        raise InvalidError(
            f"paging ends at {MAX_HIT_POSITION} hits; narrow the search, or read /v1/gold by cursor",
            parameter="page",
            got=request.page,
        )
    filters = [_any_of(spec, name, given) for name, given in request.values.items() if given]
    filters += [
        _range(spec, name, low, high)
        for name, (low, high) in request.ranges.items()
        if low is not None or high is not None
    ]
    if request.updated_since is not None:
        changed = changed_since("updated_at", request.updated_since)
        filters.append(_range(spec, changed.field, changed.values[0], None))
    return SearchQuery(
        collection=request.collection,
        text=request.text.strip(),
        mode=request.mode or Mode.HYBRID,
        filters=tuple(filters),
        facet_by=tuple(_facet(spec, name) for name in split_values(request.facet_by)),
        sort=_sort(spec, request.sort),
        page=request.page,
        per_page=request.per_page,
        similar_to=request.similar_to or None,
        semantic_weight=request.semantic_weight,
        group_by=_group(spec, request.group_by),
        group_limit=request.group_limit,
        explain=request.explain,
    )


def suggest(engine: SearchQueries, collection: Collection, prefix: str, limit: int) -> list[str]:
    """Up to `limit` completions of the text typed so far."""
    return engine.suggest(collection, prefix.strip(), limit) if prefix.strip() else []


def _any_of(spec: CollectionSpec, name: str, given: Sequence[str]) -> Filter:
    values = split_values(given)
    if not values:
        raise InvalidError(f"{name} is empty; omit it to search without this filter", parameter=name)
    if name == "classification":
        name, values = _classification(values)
    else:  # also the unsplit value, so that a facet value with commas or blanks can be used as a filter
        values = list(dict.fromkeys([*values, *map(tidy_text, given), *given]))
    return Filter(field=_field(spec, name, {"keyword"}, "filter by").name, values=tuple(values))


def _classification(values: Sequence[str]) -> tuple[str, list[str]]:
    """Field and values of a classification filter: two digits are a CPV division, else a code with optional scheme and
    digit.
    """
    divisions = {len(without_scheme(value)) == DIVISION for value in values}
    if len(divisions) > 1:
        raise InvalidError(
            "classification takes either CPV divisions (two digits) or whole codes, not both",
            parameter="classification",
        )
    if True in divisions:
        return "classification", list(map(without_scheme, values))
    return "codes", list(dict.fromkeys(spelling for value in values for spelling in shorter_spellings(value)))


def _range(spec: CollectionSpec, name: str, low: float | datetime | None, high: float | datetime | None) -> Filter:
    return Filter(field=_field(spec, name, {"number", "date"}, "filter by").name, gte=low, lte=high)


def _facet(spec: CollectionSpec, name: str) -> str:
    allowed = [field.name for field in spec.fields if field.facet]
    return _allowed(name, allowed, "facet_by", f"{spec.name} have no facet {name}")


def _group(spec: CollectionSpec, name: str | None) -> str | None:
    allowed = [field.name for field in spec.fields if field.type == "keyword" and not field.many]
    return _allowed(name, allowed, "group_by", f"{spec.name} can't be grouped by {name}") if name else None


def _included(include: Sequence[str]) -> list[str]:
    return [_allowed(name, ["gold"], "include", "include accepts only gold") for name in split_values(include)]


def _sort(spec: CollectionSpec, sort: str | None) -> str | None:
    if sort in {None, "", RELEVANCE}:
        return None
    fields = [field.name for field in spec.fields if field.sort]
    orders = [RELEVANCE, *fields, *(f"-{name}" for name in fields)]
    return _allowed(str(sort), orders, "sort", f"{spec.name} can't be sorted by {sort}")


def _field(spec: CollectionSpec, name: str, types: set[str], use: str) -> FieldSpec:
    fields = {field.name: field for field in spec.fields if field.type in types}
    return fields[_allowed(name, list(fields), name, f"{spec.name} have no field {name} to {use}")]


def _allowed(name: str, allowed: list[str], parameter: str, message: str) -> str:
    if name not in allowed:
        raise InvalidError(message, parameter=parameter, allowed=allowed)
    return name

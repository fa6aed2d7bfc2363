"""What a search may ask of which field; both engines refuse the rest in the same words."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from domain.search.queries import MAX_HIT_POSITION, CollectionSpec, FieldSpec, Filter
from domain.shared.errors import InvalidError
from infrastructure.search.common.identifiers import ID


def spec_hash(layout: int, spec: CollectionSpec) -> str:
    """Names an index: another spec, or another layout of the engine's, has another hash."""
    return hashlib.sha256(f"{layout}{spec.model_dump_json()}".encode()).hexdigest()[:12]


def check_spec(spec: CollectionSpec) -> None:
    """ValueError where a spec asks for what no engine can do."""
    for field in spec.fields:
        if field.sort and field.many:
            raise ValueError(f"{field.name} has many values: there is no order by it")
        if field.type == "text" and (field.sort or field.facet):
            raise ValueError(f"The text field {field.name} can't be a facet or a sort: add a keyword beside it")


def allowed(spec: CollectionSpec, name: str, use: str, fits: Callable[[FieldSpec], bool]) -> FieldSpec:
    """The field of that name, if it can be used so. InvalidError names those that can."""
    fields = {field.name: field for field in spec.fields if fits(field)}
    if use == "filter":
        fields.setdefault(ID, FieldSpec(name=ID, type="keyword"))
    if name not in fields:
        raise InvalidError(
            f"{name!r} can't be a {use} of {spec.name}; allowed: {', '.join(fields)}", field=name, allowed=list(fields)
        )
    return fields[name]


def filter_field(spec: CollectionSpec, condition: Filter) -> FieldSpec:
    """The field of a condition. InvalidError where it can't be asked so."""
    field = allowed(spec, condition.field, "filter", lambda one: one.type != "text")
    ends = [one for one in (condition.gte, condition.lte) if one is not None]
    if field.type == "keyword":
        if not condition.values or ends:
            raise InvalidError(f"A filter on {field.name} needs values, and has no range", field=field.name)
        return field
    if condition.values or not ends:
        raise InvalidError(f"A filter on {field.name} needs gte or lte, and has no values", field=field.name)
    for one in ends:
        if isinstance(one, datetime) != (field.type == "date"):
            raise InvalidError(f"{field.name} is a {field.type}: {one!r} is none", field=field.name)
    return field


def facet_fields(spec: CollectionSpec, names: Iterable[str]) -> list[str]:
    """The facets asked for. InvalidError for fields that are none."""
    return [allowed(spec, name, "facet", lambda one: one.facet).name for name in dict.fromkeys(names)]


def group_field(spec: CollectionSpec, name: str) -> FieldSpec:
    """The field that hits are grouped by."""
    return allowed(spec, name, "group", lambda one: one.type == "keyword" and not one.many and one.name != ID)


def sort_field(spec: CollectionSpec, sort: str) -> FieldSpec:
    """The field of an order, descending with a leading '-'."""
    return allowed(spec, sort.removeprefix("-"), "sort", lambda one: one.sort)


def check_depth(page: int, per_page: int) -> None:
    """InvalidError for a page beyond what can be paged through."""
    if page * per_page > MAX_HIT_POSITION:
        raise InvalidError(
            f"Only the first {MAX_HIT_POSITION} hits can be paged through; narrow the search by filters",
            page=page,
            per_page=per_page,
        )

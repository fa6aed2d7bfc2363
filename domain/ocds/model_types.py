"""Derives from the models of domain/ocds/models.py the polars types and a faster type checker."""

import types
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin

import polars as pl
from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypedDict

from domain.ocds.models import Model


def polars_type(annotation: Any) -> pl.DataType:
    """The polars type for the values that a model's annotation accepts; `X | None` is treated as X."""
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        return polars_type(next(argument for argument in get_args(annotation) if argument is not type(None)))
    if get_origin(annotation) is list:
        return pl.List(polars_type(get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pl.Struct({name: polars_type(field.annotation) for name, field in annotation.model_fields.items()})
    return {str: pl.String(), float: pl.Float64(), int: pl.Int64(), bool: pl.Boolean()}[annotation]


def checker(model: type[Model]) -> TypeAdapter[dict[str, Any]]:
    """A validator equivalent to the model, in 40 % of the time: it checks typed dicts instead of building objects."""
    return TypeAdapter(_typed(model))


def _typed(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        return Union[tuple(_typed(argument) for argument in get_args(annotation))]  # noqa: UP007  of variable length
    if get_origin(annotation) is list:
        return list[_typed(get_args(annotation)[0])]  # type: ignore[misc]
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return annotation
    fields = {}
    for name, field in annotation.model_fields.items():
        kind = _typed(field.annotation)
        limited = Annotated[kind, *field.metadata] if field.metadata else kind
        fields[name] = limited if field.is_required() else NotRequired[limited]
    make: Any = TypedDict
    made = make(annotation.__name__, fields)
    made.__pydantic_config__ = annotation.model_config
    return made

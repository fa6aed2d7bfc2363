"""The base class of JSON request bodies."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class StrictBody(BaseModel):
    """A body without unknown fields, and without null characters (U+0000), which no database stores."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, sent: Any) -> Any:
        if has_nul(sent):
            raise ValueError("texts must not have null characters (U+0000)")
        return sent


def has_nul(value: Any) -> bool:
    """Whether a text in the JSON value has a null character."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(key) or has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(has_nul, value))

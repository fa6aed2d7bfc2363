"""What callers send as JSON and is kept as they sent it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class StrictBody(BaseModel):
    """A body without fields that are not known, and without null characters in its texts, which no database takes."""

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
        return any(has_nul(key) or has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(map(has_nul, value))

"""Refused elements as the API returns them."""

from pydantic import BaseModel, Field


class Quarantined(BaseModel):
    """A refused element, as returned by `/v1/jobs/{id}/errors`."""

    file: str
    line: int | None = Field(description="1-based line of the file")
    offset: int | None = Field(description="0-based byte offset in the UTF-8 text of the file")
    element: str = Field(description="JSON Pointer of the element in the file's top-level value")
    path: str = Field(description="JSON Pointer of the invalid value in the element")
    code: str
    reason: str
    ocid: str | None
    excerpt: str

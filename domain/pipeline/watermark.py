"""Watermarks: how far each stage has read the log."""

from datetime import datetime

from pydantic import BaseModel


class Watermark(BaseModel):
    """How far a stage has read the log; `silver_batch` for the stages after silver. A `part` of a stage may lag behind.

    `target` (a silver batch) and `done` (slices written) describe an unfinished run; `attempts` counts its starts.
    """

    stage: str
    part: str = ""
    seq: int = 0
    silver_batch: int = 0
    target: int | None = None
    done: int = 0
    attempts: int = 0
    started_at: datetime | None = None

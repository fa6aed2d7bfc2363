"""Logging: one format for every process, also for the standard library's loggers; repeated warnings once per minute."""

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC
from threading import Lock
from types import FrameType
from typing import TYPE_CHECKING, Any

from loguru import logger

from domain.shared.log_context import log_ids

if TYPE_CHECKING:
    from loguru import Message, Record

LINE_FORMAT = "<green>{time:HH:mm:ss.SSS}</green> <level>{level: <7}</level> {extra[process]: <8} {message}"
MIN_LEVELS = {
    "dramatiq": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
}
MIN_LEVELS |= {"typesense": logging.ERROR}  # it warns for each synonym written to a server before version 30
REPEAT_SECONDS = 60.0  # in which a repeated warning or error is logged once
MAX_REPEATED_LINES = 1_000  # different lines that are compared


class Repeats:
    """A filter that logs a repeated warning or error once per minute, with the number of repeats in between."""

    def __init__(self, seconds: float = REPEAT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self._lock = Lock()
        self._shown: dict[tuple[str | int, ...], tuple[float, int]] = {}  # (time of the last line, repeats since then)

    def __call__(self, record: "Record") -> bool:
        if record["level"].no < logging.WARNING:
            return True
        raised = record["exception"]
        key = (record["name"] or "", record["line"], record["message"], str(raised.value) if raised else "")
        with self._lock:
            now = self.clock()
            at, count = self._shown.get(key, (now - self.seconds, 0))
            if now - at < self.seconds:
                self._shown[key] = (at, count + 1)
                return False
            if len(self._shown) >= MAX_REPEATED_LINES:
                self._shown.clear()
            self._shown[key] = (now, 0)
        if count:
            record["message"] += f" ({count} more of these in the last {now - at:.0f} s)"
        return True


class LoguruHandler(logging.Handler):
    """Passes records of the standard library's logging to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        frame: FrameType | None = logging.currentframe()
        depth = 0
        while frame and (depth == 0 or frame.f_code.co_filename == logging.__file__):
            frame, depth = frame.f_back, depth + 1
        known = (
            record.levelname
            if record.levelname in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
            else record.levelno
        )
        logger.opt(depth=depth, exception=record.exc_info).log(known, "{}", record.getMessage())


def json_line(record: "Record") -> str:
    """The record as one JSON object, with the ids of the request, job, stage and batch that it belongs to."""
    line: dict[str, object] = {
        "time": record["time"].astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record["level"].name,
        "process": record["extra"].get("process"),
        "message": record["message"],
        **log_ids(),
    }
    if (raised := record["exception"]) and raised.type:
        line["exception"] = "".join(traceback.format_exception(raised.type, raised.value, raised.traceback))
    return json.dumps(line, ensure_ascii=False, default=str)


class JsonLines:
    """A sink that writes each record as a line of JSON. Loguru's own `serialize` writes other fields."""

    def write(self, message: "Message") -> None:
        """Write a record."""
        sys.stderr.write(json_line(message.record) + "\n")


def set_up(process: str, level: str, form: str = "text") -> None:
    """Log to standard error, from `level` on, as text or as JSON; `process` is shown in each line."""
    logger.remove()
    logger.configure(extra={"process": process})
    options: dict[str, Any] = {"level": level.upper(), "backtrace": False, "diagnose": False, "filter": Repeats()}
    if form == "json":
        logger.add(JsonLines().write, format="{message}", **options)
    else:
        logger.add(sys.stderr, format=LINE_FORMAT, **options)
    logging.basicConfig(handlers=[LoguruHandler()], level=logging.INFO, force=True)
    for name, level_name in MIN_LEVELS.items():
        logging.getLogger(name).setLevel(level_name)

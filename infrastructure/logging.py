"""Log lines: one clear form for every process, and the standard library's loggers let into it."""

import logging
import sys
from types import FrameType

from loguru import logger

FORM = "<green>{time:HH:mm:ss.SSS}</green> <level>{level: <7}</level> {extra[process]: <8} {message}"
QUIET = {"dramatiq": logging.WARNING, "uvicorn.error": logging.WARNING, "alembic": logging.WARNING, "asyncio": logging.WARNING, "httpx": logging.WARNING}
QUIET |= {"typesense": logging.ERROR}  # it warns of each synonym that a server before 30 is told


class Intercept(logging.Handler):
    """Hands records of the standard library's logging to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        frame: FrameType | None = logging.currentframe()
        depth = 0
        while frame and (depth == 0 or frame.f_code.co_filename == logging.__file__):
            frame, depth = frame.f_back, depth + 1
        known = record.levelname if record.levelname in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"} else record.levelno
        logger.opt(depth=depth, exception=record.exc_info).log(known, "{}", record.getMessage())


def set_up(process: str, level: str) -> None:
    """Log to standard error as `process`, from `level` on."""
    logger.remove()
    logger.configure(extra={"process": process})
    logger.add(sys.stderr, format=FORM, level=level.upper(), backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[Intercept()], level=logging.INFO, force=True)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)

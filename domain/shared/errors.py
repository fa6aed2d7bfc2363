"""Every error the product raises on purpose; `api/errors.py` alone maps them to HTTP.

Retryable or not is a type: a stage retries `RetryableError` and gives up at once on anything else here.
"""

import re
from typing import Any

REASON_MAX_CHARACTERS = 300  # characters
PATH = re.compile(
    r"""file:///?[^\s'"]+"""
    r"""|(?P<quote>['"`])/[^'"`\n]*/[^'"`\n]*(?P=quote)"""
    r"""|(?<![\w.:/~<-])/(?!v\d+/)(?:[^\s/'"`,;:()<>]+/)+[^\s'"`,;:()<>]*"""
)


class TenderlakeError(Exception):
    """Raised when something the product foresaw went wrong; `details` goes to the caller as it is."""

    title = "Something went wrong"

    def __init__(self, detail: str, **details: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.details = details


class InvalidError(TenderlakeError, ValueError):
    """Raised when what the caller sent can't be used: it says what, where and what was expected."""

    title = "The request can't be used"


class UnprocessableError(InvalidError):
    """Raised when what was sent can be read, but a record in it can't be used: it says where and why."""


class NotFoundError(TenderlakeError, LookupError):
    """Raised when nothing stands under the given name, for certain."""

    title = "Not found"


class GoneError(TenderlakeError, LookupError):
    """Raised when what stood under the given name was removed for good."""

    title = "Gone"


class ConflictError(TenderlakeError):
    """Raised when the request contradicts the state of what it names."""

    title = "Conflict"


class PreconditionError(TenderlakeError):
    """Raised when an If-Match names another version than the current one."""

    title = "The record has changed"


class UnauthorizedError(TenderlakeError):
    """Raised when the caller did not say who they are, or not believably."""

    title = "Unauthorized"


class ForbiddenError(TenderlakeError):
    """Raised when the caller's role does not reach."""

    title = "Not allowed"


class TooLargeError(TenderlakeError):
    """Raised when something is larger than a limit that the settings name."""

    title = "Too large"


class StalledError(TenderlakeError):
    """Raised when a client stops sending in the middle of a request; nothing of it is kept."""

    title = "The request stopped in the middle"


class NoSpaceError(TenderlakeError):
    """Raised when the disk is full; nothing of what was being written is kept."""

    title = "No space left"


class DamagedError(TenderlakeError):
    """Raised when stored state can't be read; the message says how to mend it."""

    title = "Damaged data"


class StartupError(TenderlakeError):
    """Raised when the product can't start; the message is one line that says what to do."""

    title = "Can't start"


class RetryableError(TenderlakeError):
    """Raised when trying again later can succeed."""

    title = "Temporarily unavailable"


class UnavailableError(RetryableError):
    """Raised when a part (search, queue, database) does not answer at the moment."""


class AwayError(UnavailableError):
    """Raised when a server is known not to answer. The log has said so once (infrastructure/system/outage.py): who catches it adds no line."""


class LostRaceError(RetryableError):
    """Raised when another runner committed first; nothing of ours was kept."""


def level_of(error: BaseException) -> str:
    """The level to log the error at: outages are told where they begin and end, not by everybody who meets one."""
    return "DEBUG" if isinstance(error, AwayError) else "WARNING"


def reason_of(error: BaseException, longest: int = REASON_MAX_CHARACTERS) -> str:
    """What an exception of a library says, in one line fit for callers of the API: without paths of this machine."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return without_paths(" ".join(said.split()))[:longest] or type(error).__name__


def without_paths(text: str) -> str:
    """The text with an ellipsis in the place of each absolute path of a file; routes of the API (`/v1/…`) and URLs stay."""
    return PATH.sub("…", text)

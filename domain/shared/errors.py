"""All errors that the product raises on purpose; only `api/errors.py` maps them to HTTP.

The type says whether a retry makes sense: stages retry `RetryableError` and fail on every other error.
"""

import re
from typing import Any

REASON_MAX_CHARACTERS = 300
PATH = re.compile(
    r"""file:///?[^\s'"]+"""
    r"""|(?P<quote>['"`])/[^'"`\n]*/[^'"`\n]*(?P=quote)"""
    r"""|(?<![\w.:/~<-])/(?!v\d+/)(?:[^\s/'"`,;:()<>]+/)+[^\s'"`,;:()<>]*"""
)


class TenderlakeError(Exception):
    """Base of all foreseen errors; `details` are returned to the client unchanged."""

    title = "Something went wrong"

    def __init__(self, detail: str, **details: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.details = details


class InvalidError(TenderlakeError, ValueError):
    """Raised for unusable input; the message says what is wrong, where, and what was expected."""

    title = "The request can't be used"


class UnprocessableError(InvalidError):
    """Raised for readable input with an unusable record; the message says where and why."""


class NotFoundError(TenderlakeError, LookupError):
    """Raised when nothing exists under the given name."""

    title = "Not found"


class GoneError(TenderlakeError, LookupError):
    """Raised when the named thing was removed permanently."""

    title = "Gone"


class ConflictError(TenderlakeError):
    """Raised when the request conflicts with the state of its target."""

    title = "Conflict"


class PreconditionError(TenderlakeError):
    """Raised when If-Match names another version than the current one."""

    title = "The record has changed"


class UnauthorizedError(TenderlakeError):
    """Raised when credentials are missing or wrong."""

    title = "Unauthorized"


class ForbiddenError(TenderlakeError):
    """Raised when the user's role does not permit the action."""

    title = "Not allowed"


class TooLargeError(TenderlakeError):
    """Raised when something exceeds a configured limit."""

    title = "Too large"


class StalledError(TenderlakeError):
    """Raised when a client stops sending during a request; nothing of the request is kept."""

    title = "The request is incomplete"


class NoSpaceError(TenderlakeError):
    """Raised when the disk is full; nothing of the interrupted write is kept."""

    title = "No space left"


class DamagedError(TenderlakeError):
    """Raised when stored state can't be read; the message says how to repair it."""

    title = "Damaged data"


class StartupError(TenderlakeError):
    """Raised when the product can't start; the message is one line that says what to do."""

    title = "Can't start"


class RetryableError(TenderlakeError):
    """Raised when a later retry can succeed."""

    title = "Temporarily unavailable"


class TooManyRequestsError(RetryableError):
    """Raised when a caller or the installation has reached a configured rate; `retry_after` is in seconds."""

    title = "Too many requests"


class UnavailableError(RetryableError):
    """Raised when a service (search, queue, database) does not respond at present."""


class AwayError(UnavailableError):
    """Raised when a server is known to be down.

    Already logged once (infrastructure/system/outage.py): don't log it again.
    """


class LostRaceError(RetryableError):
    """Raised when another run committed first; nothing of this run was kept."""


def level_of(error: BaseException) -> str:
    """Log level for the error: DEBUG for known outages, which are logged once at their beginning and end."""
    return "DEBUG" if isinstance(error, AwayError) else "WARNING"


def reason_of(error: BaseException, longest: int = REASON_MAX_CHARACTERS) -> str:
    """The message of a library's exception, in one line, without paths of this machine: fit for API clients."""
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return without_paths(" ".join(message.split()))[:longest] or type(error).__name__


def without_paths(text: str) -> str:
    """Replace absolute file paths by an ellipsis; API routes (`/v1/…`) and URLs stay."""
    return PATH.sub("…", text)

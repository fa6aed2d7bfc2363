"""The ids that log lines carry: of the request, the job, the stage and the batch at work in this thread or task."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import MappingProxyType

Ids = Mapping[str, str | int]
_IDS: ContextVar[Ids] = ContextVar("log_ids", default=MappingProxyType({}))


def log_ids() -> Ids:
    """The ids of this thread or task."""
    return _IDS.get()


def set_log_ids(ids: Ids) -> Token[Ids]:
    """Replace the ids; `reset_log_ids` restores those before."""
    return _IDS.set(ids)


def reset_log_ids(token: Token[Ids]) -> None:
    """Restore the ids that `set_log_ids` replaced."""
    _IDS.reset(token)


@contextmanager
def log_context(**ids: str | int | None) -> Iterator[None]:
    """Add ids to the log lines in the context; None leaves one as it is."""
    token = _IDS.set({**_IDS.get(), **{name: value for name, value in ids.items() if value is not None}})
    try:
        yield
    finally:
        _IDS.reset(token)

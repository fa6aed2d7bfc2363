"""Readiness: whether the servers that requests need are available."""

from collections.abc import Callable

from loguru import logger

from domain.search.queries import Collection
from domain.shared.errors import UnavailableError, level_of
from services.ports.parts import Parts


def readiness(parts: Parts) -> dict[str, str]:
    """`ok` for each server. UnavailableError, with all states, if one does not answer."""
    checks: dict[str, Callable[[], object]] = {
        "warehouse": parts.warehouse.check,
        "queue": parts.messages.check,
        "search": lambda: parts.search.count(Collection.PROCESSES),
    }
    states = {name: _state(name, check) for name, check in checks.items()}
    unavailable = [name for name, state in states.items() if state != "ok"]
    if unavailable:
        raise UnavailableError(f"not ready: {', '.join(unavailable)}", parts=states)
    return states


def _state(name: str, check: Callable[[], object]) -> str:
    try:
        check()
    except Exception as error:  # pylint: disable=broad-exception-caught
        logger.log(level_of(error), "{} does not answer: {}", name, error)
        return "does not answer"
    return "ok"

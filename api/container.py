"""What the endpoints are given: the parts of the installation, its settings and its callers, from the application's state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from api.door import Door
from api.following import Following
from infrastructure.settings import Settings
from services.intake.users import Callers
from services.ports import Parts


@dataclass(frozen=True)
class Container:
    """Everything that an endpoint may need."""

    settings: Settings
    parts: Parts
    callers: Callers
    door: Door
    seeds: Callable[[], Sequence[Path]]
    following: Following


async def container(request: Request) -> Container:
    """The container of the application that serves the request. Async, since a thread for it would cost more than it does."""
    found: Container = request.app.state.container
    return found


Here = Annotated[Container, Depends(container)]

"""The dependencies of endpoints: ports, settings and authentication, from the application's state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from api.job_watcher import JobWatcher
from api.limits import OpenJobs, RequestRate
from api.metrics.installation_metrics import InstallationMetrics
from api.password_checks import PasswordChecker
from infrastructure.settings import Settings
from services.ports.parts import Parts
from services.users.authentication import Authenticator


@dataclass(frozen=True)
class AppContext:
    """Everything that an endpoint may need."""

    settings: Settings
    parts: Parts
    authenticator: Authenticator
    password_checker: PasswordChecker
    seeds: Callable[[], Sequence[Path]]
    job_watcher: JobWatcher
    installation_metrics: InstallationMetrics
    request_rate: RequestRate
    open_jobs: OpenJobs


async def get_context(request: Request) -> AppContext:
    """The container of the application that serves the request. Async, to avoid a thread call."""
    found: AppContext = request.app.state.container
    return found


Context = Annotated[AppContext, Depends(get_context)]

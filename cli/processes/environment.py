"""The environment of the API, the workers and the sweep, however they are started."""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from infrastructure.settings import Settings

# OPENBLAS: comparing vectors is bound by memory, so more threads per query only take cores from other queries.
# MALLOC: freed memory is returned to the system early, which saves a fifth of the memory during a load.
CHILD_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "_RJEM_MALLOC_CONF": "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0",
}


def process_environment(settings: Settings, folder: Path, queue_url: str) -> dict[str, str]:
    """The environment of a process: that of this one, all settings given by any source, and the queue's URL."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    ours = {f"TENDERLAKE_{name.upper()}": _text(value) for name, value in given.items() if value is not None}
    # Polars threads per worker; more would compete for the cores
    threads = max(1, (os.cpu_count() or 1) // settings.workers)
    return {
        **CHILD_ENVIRONMENT,
        "POLARS_MAX_THREADS": str(threads),
        **os.environ,
        **ours,
        "TENDERLAKE_DATA_DIR": str(folder),
        "TENDERLAKE_REDIS_URL": queue_url,
    }


def _text(value: Any) -> str:
    """A setting as its environment variable has it."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case list():
            return ",".join(value)
        case BaseModel():
            return value.model_dump_json()
    return str(value)

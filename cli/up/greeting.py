"""The message that `tenderlake up` prints once it runs: addresses, data folder, and example commands."""

from pathlib import Path
from urllib.parse import urlsplit

from infrastructure.settings import Settings

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


def reachable(host: str) -> str:
    """The address by which this machine reaches a server that listens on `host`."""
    return WILDCARDS.get(host, host)


def local_url(settings: Settings) -> str:
    """The URL of the API for clients on this machine."""
    host = reachable(settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def greeting(settings: Settings, folder: Path, bundled: bool) -> str:
    """The message; it contains no password. `bundled` is whether the queue is the bundled redis-server."""
    url = local_url(settings)
    kept = folder / "admin-password"
    if settings.admin_password:
        password, sign_in = "the one of TENDERLAKE_ADMIN_PASSWORD", '"admin:$TENDERLAKE_ADMIN_PASSWORD"'
    elif kept.exists():
        password, sign_in = f"in {kept}", f"\"admin:$(cat '{kept}')\""
    else:
        password, sign_in = "as it was set", "admin"
    queue = (
        "bundled redis-server" if bundled else f"Redis at {urlsplit(settings.redis_url or '').hostname or 'a socket'}"
    )
    return f"""
tenderlake runs at {url} · Ctrl-C stops it
  API docs  {url}/docs
  sign in   user admin, password {password}
  data      {folder}
  runs      API, {settings.workers} worker{"s" if settings.workers > 1 else ""}, {queue}
  try       curl -u {sign_in} -X POST {url}/v1/seed
            curl -u {sign_in} -F file=@releases.json {url}/v1/uploads
            curl -u {sign_in} '{url}/v1/search?q=road'
"""

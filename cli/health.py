"""`tenderlake-health`: the health check of containers. Exit code 0 if the process of this container is healthy.

A process with a heartbeat file (`TENDERLAKE_HEARTBEAT_FILE`: worker, sweep, watch) must have touched it lately; any
other one is the API, and must answer. It imports the standard library only, as it runs every few seconds.
"""

import http.client
import os
import sys
import time
from pathlib import Path

STALE_SECONDS = 30.0  # age of the heartbeat file from which the process counts as frozen
ANSWER_SECONDS = 4.0


def problem() -> str | None:
    """What is wrong; None if the process is healthy."""
    file = os.environ.get("TENDERLAKE_HEARTBEAT_FILE")
    if file and Path(file).exists():
        age = time.time() - Path(file).stat().st_mtime
        return f"the last heartbeat was {age:.0f} s ago" if age > STALE_SECONDS else None
    port = int(os.environ.get("TENDERLAKE_PORT") or 8000)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        connection.request("GET", "/health/live")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no heartbeat, and no API answers at port {port}: {error}"
    return None if status == http.client.OK else f"the API answered {status}"


def main() -> None:
    """Print what is wrong, if anything, and exit with code 1 then."""
    if found := problem():
        print(found)
        sys.exit(1)


if __name__ == "__main__":
    main()

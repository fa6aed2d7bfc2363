"""Light stand-ins for the launcher's children: `api SOCKET` answers every GET, `worker …` sleeps, `up` launches both.

`python -m tests.cli.up.stand_in up`; if TENDERLAKE_TEST_API_DIES is set, the API exits at once with that code.
"""

import os
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from infrastructure.system.child_processes import spawn


class Yes(BaseHTTPRequestHandler):
    """Answers with its process id."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Suppress the log."""


def api(descriptor: int) -> None:
    """Serve on an inherited listening socket."""
    if code := os.environ.get("TENDERLAKE_TEST_API_DIES"):
        sys.exit(int(code))
    server = HTTPServer(("127.0.0.1", 0), Yes, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=descriptor)
    server.serve_forever()


def worker() -> None:
    """Sleep, with a child process like a worker that reads a PDF."""
    spawn(["sleep", "600"])
    time.sleep(600)


def up() -> int:
    """Run the launcher over the stand-ins."""
    from cli.up.launcher import Commands
    from cli.up.launcher import up as launch
    from domain.shared.errors import StartupError
    from infrastructure.settings import Settings

    here = [sys.executable, "-m", "tests.cli.up.stand_in"]
    try:
        return launch(Settings(), Commands((*here, "api"), (*here, "worker")))
    except StartupError as error:
        print(f"tenderlake: {error.detail}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    if sys.argv[1] == "up":
        sys.exit(up())
    if sys.argv[1] == "api":
        api(int(sys.argv[2]))
    worker()

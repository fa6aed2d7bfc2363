"""A real installation in a temporary folder and on a free port, for benchmarks and crash tests."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import orjson

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "bench-secret-1"
FINAL = {"succeeded", "failed", "cancelled"}


class Stack:
    """`tenderlake up` as a child process; `client` calls it as admin."""

    def __init__(self, data: Path | None = None, **env: str) -> None:
        self.data = data or Path(tempfile.mkdtemp(prefix="tenderlake-stack-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        chosen = {
            "TENDERLAKE_DATA_DIR": str(self.data),
            "TENDERLAKE_PORT": str(self.port),
            "TENDERLAKE_ADMIN_PASSWORD": PASSWORD,
        }
        self.env = os.environ | chosen | {"TENDERLAKE_LOG_LEVEL": "WARNING"} | env
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", auth=("admin", PASSWORD), timeout=60)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Stack":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.client.close()
        shutil.rmtree(self.data, ignore_errors=True)

    def start(self, seconds: float = 60) -> None:
        """Start it and wait until it is ready."""
        with (self.data / "stack.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(ROOT / ".venv/bin/tenderlake"), "up"],
                env=self.env,
                stdout=log,
                stderr=log,
                cwd=self.data,
                start_new_session=True,
            )
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.client.get("/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        sys.exit(f"the installation did not come up:\n{(self.data / 'stack.log').read_text()[-3000:]}")

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def upload(self, name: str, body: Any) -> str:
        """Upload a file; returns the id of its job."""
        answer = self.client.post("/v1/uploads", params={"filename": name}, content=body)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """The job as the API returns it."""
        found: dict[str, Any] = self.client.get(f"/v1/jobs/{job_id}").raise_for_status().json()
        return found

    def wait(self, job_id: str, seconds: float = 600, every: float = 0.1) -> dict[str, Any]:
        """The job after it has ended, by polling."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.job(job_id)
            if found["status"] in FINAL:
                return found
            time.sleep(every)
        sys.exit(f"job {job_id} did not end in {seconds} s: {found}")

    def follow(self, job_id: str, seconds: float = 600) -> dict[str, Any]:
        """The job after it has ended, by its event stream, as polling would disturb measurements."""
        with self.client.stream("GET", f"/v1/jobs/{job_id}/events", timeout=seconds) as events:
            for line in events.iter_lines():
                if line.startswith("data: ") and (found := orjson.loads(line[6:]))["status"] in FINAL:
                    return dict(found)
        sys.exit(f"the events of job {job_id} ended before it did")

    def query(self, sql: str) -> list[Any]:
        """Rows of the warehouse of the running installation."""
        connection = sqlite3.connect(f"file:{self.data}/warehouse.db?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def tree(self) -> list[int]:
        """The pids of the launcher and all its descendants."""
        import psutil

        assert self.process is not None
        try:
            root = psutil.Process(self.process.pid)
            return [root.pid, *(child.pid for child in root.children(recursive=True))]
        except psutil.NoSuchProcess:
            return []


class Memory(threading.Thread):
    """Peak of the proportional set size of all processes of a stack, sampled every second, as sampling itself is
    costly.
    """

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.stack, self.peak, self.ended = stack, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(1):
            self.peak = max(self.peak, sum(_pss(pid) for pid in self.stack.tree()))

    def __enter__(self) -> "Memory":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0

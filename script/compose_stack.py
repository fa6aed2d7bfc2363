"""A project of compose.yaml for `script/compose-check`: started, called, broken and removed. Standard library only."""

import base64
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FINAL = {"succeeded", "failed", "cancelled"}
POLL_SECONDS = 0.5


def run(*command: str, **options: Any) -> str:
    """Run a command in the checkout and return its output; CalledProcessError, with what it printed, if it fails."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, **options
    )
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-3000:], sep="\n")
        done.check_returncode()
    return str(done.stdout).strip()


class ComposeStack:
    """One project, with secrets and a port of its own."""

    def __init__(self, project: str, image: str, port: int) -> None:
        self.project, self.port = project, port
        self.folder = Path(tempfile.mkdtemp(prefix="compose-check-"))
        self.env_file = self.folder / "env"
        self.env_file.write_text(run("script/secrets") + "\n")
        self.password = re.findall(r"^TENDERLAKE_ADMIN_PASSWORD=(.*)$", self.env_file.read_text(), re.M)[0]
        outer = {name: os.environ[name] for name in os.environ if not name.startswith("TENDERLAKE_")}
        self.env = outer | {"TENDERLAKE_IMAGE": image, "TENDERLAKE_PORT": str(port)}

    def compose(self, *arguments: str) -> str:
        """Run `docker compose …` on the project."""
        files = ["--env-file", str(self.env_file), "-p", self.project]
        return run("docker", "compose", *files, *arguments, env=self.env)

    def up(self, *arguments: str) -> float:
        """`docker compose up -d --wait`; returns the seconds it took."""
        begun = time.monotonic()
        self.compose("up", "-d", "--wait", "--no-build", *arguments)
        return time.monotonic() - begun

    def call(self, path: str, data: bytes | None = None, method: str | None = None, **headers: str) -> Any:
        """The API's answer. HTTPError for a status of 400 and above, OSError without an answer."""
        token = base64.b64encode(f"admin:{self.password}".encode()).decode()
        sent = {"Authorization": f"Basic {token}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, sent, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def ended(self, job_id: str, seconds: float = 300) -> dict[str, Any]:
        """The job once it has ended; outages meanwhile are waited for."""
        end, job = time.monotonic() + seconds, {}
        while time.monotonic() < end:
            try:
                job = self.call(f"/v1/jobs/{job_id}")
            except OSError:  # also HTTPError: 503
                job = {}
            if job.get("status") in FINAL:
                return job
            time.sleep(POLL_SECONDS)
        raise SystemExit(f"job {job_id} did not end in {seconds:.0f} s: {job}")

    def containers(self, service: str) -> list[str]:
        """Ids of the running containers of a service."""
        return self.compose("ps", "-q", service).split()

    def kill(self, container: str, image: str) -> None:
        """Kill the container's first process, as the kernel does when memory is short, so that it is restarted.

        `docker kill` would count as a wish that it stays stopped.
        """
        pid = run("docker", "inspect", "-f", "{{.State.Pid}}", container)
        shell = ["--pid=host", "--user=0", "--cap-add=KILL", "--network=none", "--entrypoint=sh"]
        run("docker", "run", "--rm", *shell, image, "-c", f"kill -9 {pid}")

    def healthy(self, service: str, seconds: float = 180) -> float:
        """Wait until all containers of a service are healthy; returns the seconds."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            states = [
                run("docker", "inspect", "-f", "{{.State.Health.Status}}", one) for one in self.containers(service)
            ]
            if states and set(states) == {"healthy"}:
                return time.monotonic() - begun
            time.sleep(POLL_SECONDS)
        raise SystemExit(f"{service} is not healthy after {seconds:.0f} s: {states}")

    def verify(self) -> str:
        """What `tenderlake verify` says inside; CalledProcessError if search or gold differ from bronze."""
        return self.compose("exec", "-T", "worker", "tenderlake", "verify")

    def remove(self) -> None:
        """Remove containers, networks, volumes and secrets."""
        self.compose("--profile", "*", "down", "-v", "--remove-orphans", "-t", "5")
        self.env_file.unlink()
        self.folder.rmdir()


def as_error(error: OSError) -> str:
    """The status of an HTTP error, or the kind of another one."""
    return str(error.code) if isinstance(error, urllib.error.HTTPError) else type(error).__name__

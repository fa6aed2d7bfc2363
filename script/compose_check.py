"""Starts the whole stack of compose.yaml and breaks it: see docs/containers.md. `script/compose-check` runs it."""

import argparse
import itertools
import re
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from script.compose_stack import ROOT, ComposeStack, as_error, run

IMAGE, OLD_IMAGE = "tenderlake:compose-check", "tenderlake:compose-check-from"
PORT = 18_000
SERVICES = ("worker", "api", "sweep", "watcher", "valkey", "typesense", "postgres")
MAX_PACKED_BYTES = 700_000_000  # docs/decisions/0013-the-size-of-the-image.md
RELEASES_PER_FILE = 100
GENERATE = ("--rm", "--network=none", "--entrypoint=python", IMAGE, "-m", "seeds", "releases")
NUMBERS = itertools.count(1)  # of the generated files, each of which is loaded once
EXAMPLE_JOB = re.compile(r"\b01[0-9a-f]{30}\b")  # the job id that the README shows
TOUR_SHOWS = (  # parts of the README's commands, and what their answers contain
    ("-F file=@seeds/data/feed.jsonl", '"status":"accepted"'),
    ("/v1/jobs/", '"received":90,"accepted":81,"unchanged":0,"quarantined":9'),
    ("/errors?limit=1", '"code":"invalid_json"'),
    ("resurfcing", "<mark>resurfacing</mark>"),
    ("/compiled", '"tag":["compiled"]'),
    ("measure=sum:amount", '"sum:amount"'),
    ("buses+for+pupils", '"found":'),
    ("receipt+of+tenders", '"found":'),
    ("PATCH", '"type":"raw"'),
    ("kerbs+of+brackdale", "Brackdale"),
    ("/versions", '"items":[{'),
)


def say(text: str, begun: float = time.monotonic()) -> None:
    """A line of the report, with the seconds since the start."""
    print(f"{time.monotonic() - begun:6.0f} s  {text}", flush=True)


def build(tag: str, folder: Path) -> None:
    """Build the image of a checkout, and report its size and what must not be in it."""
    revision = run("git", "rev-parse", "--short", "HEAD")
    run("docker", "build", "-q", "-t", tag, "--build-arg", f"REVISION={revision}", str(folder))
    size = int(run("docker", "image", "inspect", "-f", "{{.Size}}", tag))
    unwanted = "id -u; for name in gcc cc make pdm pytest; do command -v $name; done; true"
    inside = run("docker", "run", "--rm", "--network=none", "--entrypoint=sh", tag, "-c", unwanted)
    assert inside == "10001", f"the image runs as, or holds: {inside}"
    packed = int(run("bash", "-c", f"docker save {tag} | gzip | wc -c"))
    assert packed < MAX_PACKED_BYTES, f"the image has {packed / 1e6:.0f} MB compressed"
    sizes = f"{packed / 1e6:.0f} MB compressed, {size / 1e6:.0f} MB unpacked"
    say(f"image {tag}: {sizes}; user 10001; no compiler, no pdm, no tests")


def tour(stack: ComposeStack) -> None:
    """The commands of the README's five minutes, word for word but for the password and the id of the job."""
    section = (ROOT / "README.md").read_text().split("## Five minutes")[1].split("\n## ")[0]
    commands = [line for block in re.findall(r"```sh\n(.*?)```", section, re.S) for line in block.splitlines() if line]
    aliases = [line for line in commands if line.startswith(("alias ", "B="))]
    assert len(aliases) == 2, aliases
    start = f'tl() {{ curl -s -u "admin:{stack.password}" "$@"; }}; B=http://127.0.0.1:{stack.port}; '
    job, shown = "", Counter[str]()
    for command in commands:
        if command in aliases:
            continue
        if command.startswith("R="):
            start += command + "\n"
            continue
        answer = run("bash", "-c", start + EXAMPLE_JOB.sub(job, command))
        if "feed.jsonl" in command:
            job = re.findall(r"(?i)location: /v1/jobs/(\w+)", answer)[0]
            stack.ended(job)
        if "PATCH" in command:
            assert stack.ended(re.findall(r'"id":"(\w{32})"', answer)[0])["status"] == "succeeded", answer
        if "/v1/seed" in command:
            for one in re.findall(r'"id":"(\w{32})","type":"seed"', answer):
                assert stack.ended(one)["status"] == "succeeded", one
        for part, expected in TOUR_SHOWS:
            if part in command:
                shown[part] += 1
                if part != "/v1/jobs/" or "errors" not in command:
                    _retry_until_shown(start + EXAMPLE_JOB.sub(job, command), answer, expected)
    missing = [part for part, _ in TOUR_SHOWS if not shown[part]]
    assert not missing, f"the README's tour has no {missing}"
    say(f"the README's tour: {len(commands)} commands, {len(TOUR_SHOWS)} answers as it shows them")


def _retry_until_shown(command: str, answer: str, expected: str, seconds: float = 60) -> None:
    """Vectors and documents follow their job within seconds: reading is repeated, changes are not."""
    end = time.monotonic() + seconds
    while expected not in answer:
        changes = " -X " in command or " -F " in command
        assert not changes, f"{command}\n… has no {expected}: {answer[:2000]}"
        assert time.monotonic() < end, f"{command}\n… has no {expected}: {answer[:2000]}"
        time.sleep(1)
        answer = run("bash", "-c", command)


class Load(threading.Thread):
    """Uploads files of generated releases until `enough` is set; a call without success is repeated."""

    def __init__(self, stack: ComposeStack) -> None:
        super().__init__(daemon=True)
        self.stack, self.enough = stack, threading.Event()
        self.failed = False
        self.jobs: list[str] = []
        self.refusals: Counter[str] = Counter()

    def run(self) -> None:
        try:
            self._upload()
        finally:
            self.failed = not self.enough.is_set()

    def _upload(self) -> None:
        while not self.enough.is_set():
            number = next(NUMBERS)
            body = run("docker", "run", *GENERATE, "--count", str(RELEASES_PER_FILE), "--seed", str(number))
            while True:
                try:
                    path = f"/v1/uploads?filename=load-{number}.jsonl"
                    self.jobs.append(self.stack.call(path, body.encode(), Idempotency_Key=f"load-{number}")["id"])
                    break
                except OSError as error:
                    self.refusals[as_error(error)] += 1
                    time.sleep(0.5)

    def settle(self) -> None:
        """Stop, and wait until every accepted job has succeeded with all its records."""
        self.enough.set()
        self.join()
        assert self.jobs, "nothing was loaded"
        assert not self.failed, "the load ended early"
        for job in self.jobs:
            ended = self.stack.ended(job)
            counts = ended["counts"]
            assert ended["status"] == "succeeded", ended
            assert counts["received"] == RELEASES_PER_FILE, counts
            assert counts["accepted"] + counts["unchanged"] + counts["quarantined"] == RELEASES_PER_FILE, counts
        wrong = set(self.refusals) - {"503", "URLError", "ConnectionResetError", "RemoteDisconnected", "TimeoutError"}
        assert not wrong, f"answers that are neither success nor 503: {self.refusals}"
        say(
            f"   all {len(self.jobs)} jobs of {RELEASES_PER_FILE} releases succeeded; "
            f"refused meanwhile: {dict(self.refusals)}"
        )


def break_it(stack: ComposeStack) -> None:
    """kill -9 of each service's containers under load, stop and start, scale, down and up."""
    for service in SERVICES:
        load = Load(stack)
        load.start()
        time.sleep(3)
        killed = stack.containers(service)
        for container in killed:
            stack.kill(container, IMAGE)
        time.sleep(1)
        seconds = stack.healthy(service)
        say(f"kill -9 of {len(killed)} × {service}: healthy after {seconds + 1:.0f} s")
        load.settle()
    load = Load(stack)
    load.start()
    time.sleep(3)
    stack.compose("stop")
    stack.compose("start")
    for service in SERVICES:
        stack.healthy(service)
    say("docker compose stop, start")
    load.settle()
    stack.up("--scale", "worker=4", "--no-recreate")
    workers = len(stack.containers("worker"))
    assert workers == 4, workers
    load = Load(stack)
    load.start()
    time.sleep(5)
    say("--scale worker=4")
    load.settle()
    before = count(stack)
    stack.compose("down")
    stack.up()
    assert count(stack) == before
    say(f"docker compose down, up: {before} processes as before")
    say(f"verify: {stack.verify()}")


def count(stack: ComposeStack) -> int:
    """The contracting processes of gold."""
    return int(stack.call("/v1/gold/facts/process/aggregate?measure=count")["items"][0]["count"])


def upgrade(ref: str) -> None:
    """Load the seeds into the stack of an older version, and start this one over it."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", ref], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        if not (Path(folder) / "Dockerfile").exists():
            say(f"NOT CHECKED: the upgrade, as {ref} has no Dockerfile: name a newer one by --from")
            return
        build(OLD_IMAGE, Path(folder))
    stack = ComposeStack("tenderlake-compose-check", OLD_IMAGE, PORT)
    try:
        stack.up()
        for item in stack.call("/v1/seed", b"", "POST")["items"]:
            stack.ended(item["id"])
        before = count(stack)
        load = Load(stack)
        load.start()
        stack.env["TENDERLAKE_IMAGE"] = IMAGE
        seconds = stack.up()
        load.settle()
        assert count(stack) >= before
        log = stack.compose("logs", "migrate")
        say(f"upgrade from {ref} under load in {seconds:.0f} s; verify: {stack.verify()}")
        assert "Traceback" not in log, log
    finally:
        stack.remove()


def main() -> None:
    """Run all of it; the first failure ends it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--from", dest="ref", help="git reference of the version to upgrade from")
    ref = options.parse_args().ref
    build(IMAGE, ROOT)
    stack = ComposeStack("tenderlake-compose-check", IMAGE, PORT)
    try:
        say(f"docker compose up -d --wait: healthy in {stack.up():.0f} s")
        tour(stack)
        break_it(stack)
    finally:
        stack.remove()
    tags = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if not ref and tags.returncode:
        say("there is no release tag: the upgrade is from HEAD~1")
    upgrade(ref or tags.stdout.strip() or "HEAD~1")
    say("everything held")


if __name__ == "__main__":
    main()

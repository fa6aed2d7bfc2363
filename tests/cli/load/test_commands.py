"""`tenderlake load` and `seed`: output and exit codes."""

import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.load.own_server import is_own_server
from domain.users.user import Role
from infrastructure.credentials import PASSWORD_HASHER
from infrastructure.settings import Settings
from services.users.accounts import add_user
from tests.api.jobs.conftest import FOUR, LINES, Live, Receiver, free_port, until
from tests.cli.conftest import Run, environment


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Files by outcome."""
    made = {"good": FOUR, "some": LINES, "bad": b"{broken", "empty": b""}
    for name, content in made.items():
        (tmp_path / f"{name}.jsonl").write_bytes(content)
    return {name: str(tmp_path / f"{name}.jsonl") for name in made}


def test_files_that_all_go_in_are_exit_code_0(live: Live, run: Run, files: dict[str, str]) -> None:
    live.queue.go.set()
    done = run("load", files["good"])
    assert (done.returncode, done.stderr) == (0, "")
    accepted, ended = done.stdout.splitlines()
    assert accepted.startswith("good.jsonl: accepted as job ")
    assert ended == "good.jsonl: succeeded: 4 received, 4 accepted, 0 unchanged, 0 quarantined"
    job = live.job(accepted.split()[-1])
    assert (job["filename"], job["actor"], job["status"]) == ("good.jsonl", "admin", "succeeded")
    assert live.client.get("/v1/search").json()["found"] == 4


def test_records_in_quarantine_are_exit_code_3_with_the_address_of_the_reasons(
    live: Live, run: Run, files: dict[str, str]
) -> None:
    live.queue.go.set()
    done = run("load", files["some"], files["good"])
    assert done.returncode == 3
    assert "some.jsonl: succeeded: 5 received, 4 accepted, 0 unchanged, 1 quarantined" in done.stdout
    address = done.stderr.split()[-1]
    assert live.client.get(address).json()["items"][0]["line"] == 5


def test_a_job_that_fails_is_exit_code_1_and_holds_up_no_other(live: Live, run: Run, files: dict[str, str]) -> None:
    live.queue.go.set()
    done = run("load", files["bad"], files["empty"], files["some"])
    assert done.returncode == 1
    assert "bad.jsonl: failed: The upload was read, but" in done.stderr
    assert "empty.jsonl: the file is empty" in done.stderr
    assert "some.jsonl: succeeded" in done.stdout


def test_a_cancelled_job_is_exit_code_1(live: Live, run: Run, files: dict[str, str]) -> None:
    def cancel() -> None:
        (job,) = until(lambda: live.client.get("/v1/jobs").json()["items"])
        live.client.delete(f"/v1/jobs/{job['id']}")

    thread = threading.Thread(target=cancel)
    thread.start()
    done = run("load", files["good"])
    thread.join()
    assert done.returncode == 1
    assert "good.jsonl: cancelled: cancelled by admin" in done.stderr


def test_stdin_is_loaded_under_the_name_given(live: Live, run: Run) -> None:
    live.queue.go.set()
    done = run("load", "-", "--name", "pipe.jsonl", stdin=FOUR)
    assert done.returncode == 0
    assert "pipe.jsonl: succeeded: 4 received" in done.stdout


def test_without_waiting_the_jobs_are_left_to_the_server(live: Live, run: Run, files: dict[str, str]) -> None:
    done = run("load", "--no-wait", files["bad"], files["good"])
    assert done.returncode == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["bad.jsonl", "good.jsonl"]
    assert {one["status"] for one in live.client.get("/v1/jobs").json()["items"]} == {"accepted"}


def test_the_webhook_is_told_and_its_secret_shown(
    live: Live, run: Run, files: dict[str, str], receiver: Receiver
) -> None:
    live.queue.go.set()
    done = run("load", files["good"], "--webhook", receiver.url)
    assert done.returncode == 0
    assert "good.jsonl: messages to the webhook are signed with whsec_" in done.stdout
    until(lambda: receiver.heard)
    assert orjson.loads(receiver.heard[0][1])["event"] == "job.finished"


def test_the_seeds_are_loaded(live: Live, run: Run) -> None:
    live.queue.go.set()
    done = run("seed")
    assert done.returncode == 3, "one of the seeds has defects on purpose"
    names = {one["filename"] for one in live.client.get("/v1/jobs?type=seed").json()["items"]}
    assert names
    assert all(f"{name}: succeeded" in done.stdout for name in names)


@pytest.mark.parametrize("args", [["load"], ["load", "no-such-file"], ["load", "-", "-"], ["load", "--what", "x"]])
def test_wrong_usage_is_exit_code_2(run: Run, args: list[str]) -> None:
    assert run(*args).returncode == 2


def test_a_folder_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    done = run("load", str(tmp_path))
    assert done.returncode == 2
    assert "is no file" in done.stderr


def test_a_server_that_is_away_is_said_in_one_line_with_what_to_do(run: Run, files: dict[str, str]) -> None:
    done = run("load", files["good"], url=f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "tenderlake up" in done.stderr


@pytest.mark.parametrize(
    ("args", "word"),
    [(["--password", "wrong"], "--password"), (["--user", "nobody"], "nobody"), (["--url", "localhost"], "localhost")],
)
def test_wrong_credentials_and_addresses_are_said_in_one_line(
    run: Run, files: dict[str, str], args: list[str], word: str
) -> None:
    done = run("load", files["good"], *args)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert word in done.stderr


def test_a_password_beyond_ascii_signs_in(live: Live, run: Run, files: dict[str, str]) -> None:
    add_user(live.parts.warehouse, PASSWORD_HASHER, "umlaut", Role.WRITER, "pässwörd-1 密", "cli:tester")
    live.queue.go.set()
    assert run("load", files["good"], user="umlaut", password="pässwörd-1 密").returncode == 0
    assert run("load", files["good"], "--user", "umlaut", "--password", "pässwörd-1 密").returncode == 0
    done = run("load", files["good"], "--user", "umlaut", "--password", "p\udce4ss")
    assert (done.returncode, "UTF-8" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_a_reader_is_told_that_loading_needs_a_writer(run: Run, files: dict[str, str]) -> None:
    done = run("load", files["good"], user="rita", password="rita!")
    assert done.returncode == 1
    assert "needs the role writer" in done.stderr


def test_the_admins_own_password_is_taken_from_the_data_folder_of_this_machine_alone(
    live: Live, tmp_path: Path, files: dict[str, str]
) -> None:
    live.queue.go.set()
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "admin-password").write_text("admin!\n")
    call = [sys.executable, "-m", "cli.main", "load", files["good"]]
    here = environment(tmp_path, port=live.url.rpartition(":")[2])
    assert subprocess.run(call, cwd=tmp_path, env=here, capture_output=True, timeout=60, check=False).returncode == 0
    assert (
        subprocess.run(
            [*call, "--url", live.url], cwd=tmp_path, env=here, capture_output=True, timeout=60, check=False
        ).returncode
        == 0
    )
    elsewhere = environment(tmp_path, url=live.url)  # another port than in the settings: perhaps a tunnel
    done = subprocess.run(call, cwd=tmp_path, env=elsewhere, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"no password for admin" in done.stderr


def test_something_else_at_the_address_is_told_from_a_tenderlake(run: Run, files: dict[str, str]) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, format: str, *args: object) -> None:
            """Suppress the log."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    done = run("load", files["good"], url=f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    thread.join()
    server.server_close()
    assert done.returncode == 1
    assert "is no tenderlake" in done.stderr


class Breaking(threading.Thread):
    """A proxy in front of the server that cuts the first connections after a number of bytes of the request."""

    def __init__(self, target: int, cut_after: list[int]) -> None:
        super().__init__(daemon=True)
        self.target, self.cut_after = target, cut_after
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self.serve, args=(client, self.cut_after.pop(0) if self.cut_after else None), daemon=True
            ).start()

    def serve(self, client: socket.socket, cut: int | None) -> None:
        server = socket.create_connection(("127.0.0.1", self.target))
        back = threading.Thread(target=self.pump, args=(server, client, 0 if cut == 0 else None), daemon=True)
        back.start()
        self.pump(client, server, cut or None)
        back.join()
        client.close()
        server.close()

    @staticmethod
    def pump(source: socket.socket, target: socket.socket, cut: int | None) -> None:
        """Forward data; at `cut` bytes close both connections."""
        passed = 0
        try:
            while data := source.recv(65_536):
                passed += len(data)
                if cut is not None and passed >= cut:
                    break
                target.sendall(data)
        except OSError:
            pass
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def test_an_upload_that_breaks_off_is_sent_again_and_makes_one_job(live: Live, run: Run, tmp_path: Path) -> None:
    live.queue.go.set()
    (tmp_path / "large.jsonl").write_bytes(FOUR * 5_000)
    # The first connection is the server check; the next is cut within the file, the third before the answer.
    proxy = Breaking(int(live.url.rpartition(":")[2]), [10**9, 0])
    proxy.cut_after = [700_000, 0]
    proxy.start()
    done = run("load", str(tmp_path / "large.jsonl"), url=f"http://127.0.0.1:{proxy.port}")
    proxy.listener.close()
    assert done.returncode == 0, done.stderr
    assert len(live.client.get("/v1/jobs").json()["items"]) == 1


def test_on_a_terminal_bars_are_drawn_and_results_still_go_to_stdout(
    live: Live, tmp_path: Path, files: dict[str, str]
) -> None:
    live.queue.go.set()
    ours, theirs = pty.openpty()
    env = environment(tmp_path, url=live.url, password="admin!") | {"TERM": "xterm"}
    call = [sys.executable, "-m", "cli.main", "load", files["good"]]
    with subprocess.Popen(call, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        drawn = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            drawn += part
        assert process.stdout is not None
        said = process.stdout.read().decode()
    os.close(ours)
    assert process.returncode == 0
    assert b"good.jsonl" in drawn
    assert "━".encode() in drawn
    assert "good.jsonl: succeeded: 4 received" in said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_looking_and_leaves_the_jobs(
    live: Live, tmp_path: Path, files: dict[str, str], number: signal.Signals, code: int
) -> None:
    env = environment(tmp_path, url=live.url, password="admin!")
    call = [sys.executable, "-m", "cli.main", "load", files["good"]]
    with subprocess.Popen(call, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"accepted" in process.stdout.readline()
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert said.count(b"\n") == 1
    assert b"the server continues 1 job" in said
    items: list[dict[str, Any]] = live.client.get("/v1/jobs").json()["items"]
    assert [one["status"] for one in items] == ["accepted"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_server_has_answered_is_told_by_the_exit_code_too(
    tmp_path: Path, files: dict[str, str], number: signal.Signals, code: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = environment(tmp_path, url=f"http://127.0.0.1:{silent.getsockname()[1]}", password="admin!")
        call = [sys.executable, "-m", "cli.main", "load", files["good"]]
        with subprocess.Popen(call, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            asking, _ = silent.accept()
            with asking:
                asking.recv(1)
                process.send_signal(number)
                _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (code, b"tenderlake: stopped\n")


def test_a_name_that_is_no_text_is_loaded_under_one_that_can_be_printed(live: Live, run: Run, tmp_path: Path) -> None:
    live.queue.go.set()
    path = tmp_path / os.fsdecode(b"caf\xe9.jsonl")
    path.write_bytes(FOUR)
    done = run("load", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "caf\\xe9.jsonl: succeeded: 4 received" in done.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
def test_a_url_of_this_machine_with_the_port_of_the_settings_is_the_own_server(host: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, port=8181, _env_file=None)
    assert is_own_server(f"http://{host}:8181", settings)
    assert is_own_server(f"http://{host}:8181/", settings)
    assert not is_own_server(f"http://{host}:8182", settings)
    assert not is_own_server(f"http://{host}", settings)
    assert is_own_server(f"http://{host}", Settings(data_dir=tmp_path, port=80, _env_file=None))


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1:8000",
        "http://127.0.0.1.example.invalid:8000",
        "http://localhost:x",
        "http://:8000",
        "localhost:8000",
    ],
)
def test_any_other_server_is_not(url: str, tmp_path: Path) -> None:
    assert not is_own_server(url, Settings(data_dir=tmp_path, _env_file=None))


def test_a_port_that_the_running_installation_listens_on_is_the_own_server(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, _env_file=None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://localhost:{listener.getsockname()[1]}"
        assert not is_own_server(url, settings)
        (tmp_path / "lock").write_text(f"{os.getpid()}\n")
        assert is_own_server(url, settings)
    assert not is_own_server(url, settings)

"""The built wheel, in an empty virtual environment outside the checkout, runs `tenderlake up`, seeds included."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from script.installation import ROOT, Stack


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_runs_outside_the_checkout(tmp_path: Path) -> None:
    pdm = ROOT / ".venv/.pdm/bin/pdm"
    if not pdm.exists():
        pytest.skip("needs pdm in .venv/.pdm, which script/install puts there")
    subprocess.run([pdm, "build", "--no-sdist", "-d", tmp_path / "dist"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    subprocess.run([tmp_path / "venv/bin/pip", "install", "--quiet", wheel], check=True, capture_output=True)
    (tmp_path / "data").mkdir()
    stack = Stack(tmp_path / "data")
    with (tmp_path / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [tmp_path / "venv/bin/tenderlake", "up"], cwd=tmp_path, env=stack.env, stdout=log, stderr=log
        )
    try:
        client = stack.client
        await_true(lambda: client.get("/health/ready").status_code == 200, 60)
        jobs = client.post("/v1/seed").raise_for_status().json()["items"]
        await_true(lambda: all(client.get(f"/v1/jobs/{job['id']}").json()["status"] == "succeeded" for job in jobs), 60)
        assert client.get("/v1/search", params={"q": "road"}).json()["found"] > 0
    finally:
        os.kill(up.pid, signal.SIGTERM)
        assert up.wait(15) == 0
        stack.client.close()


def await_true(holds: object, seconds: float) -> None:
    assert callable(holds)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")

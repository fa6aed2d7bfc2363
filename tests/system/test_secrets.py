"""No secret of a setting is in messages or in the settings as text, also when a setting is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from infrastructure.settings import Settings

ROOT = Path(__file__).parents[2]
SECRET = "s3cret-4711"


@pytest.mark.parametrize(
    "settings",
    [
        {"DATABASE_URL": f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/x", "CONNECT_SECONDS": "2"},
        {"DATABASE_URL": f"postgresql//u:{SECRET}@127.0.0.1/x", "REDIS_URL": f"redis//:{SECRET}@127.0.0.1"},
        {"TYPESENSE_URL": f"ftp://u:{SECRET}@127.0.0.1", "OPENLINEAGE_URL": f"ftp://u:{SECRET}@127.0.0.1"},
    ],
)
def test_secrets_of_settings_are_not_printed_when_they_are_wrong(tmp_path: Path, settings: dict[str, str]) -> None:
    (tmp_path / "data").mkdir()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TENDERLAKE_")}
    given = {f"TENDERLAKE_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "doctor"],
        cwd=tmp_path,
        env=plain | given | {"PYTHONPATH": str(ROOT), "TENDERLAKE_DATA_DIR": "data"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode
    assert SECRET not in done.stdout + done.stderr


def test_settings_show_no_secrets() -> None:
    urls = {
        "database_url": f"postgresql://u:{SECRET}@h/x",
        "redis_url": f"redis://:{SECRET}@h",
        "url": f"http://{SECRET}",
    }
    urls |= {"typesense_url": f"http://u:{SECRET}@h", "rates_url": f"http://u:{SECRET}@h"}
    found = Settings(**urls, typesense_api_key=SecretStr(SECRET), _env_file=None)  # type: ignore[arg-type]
    assert SECRET not in f"{found!r} {found}"

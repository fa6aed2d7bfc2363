"""A data folder of an older version is migrated, reports outdated rules, and is complete after a rebuild.

`rules-1.tar.xz` was made by the version of 27 November 2026 (revision 0008): releases of the seeds, one of OCDS 1.0, a
deletion, a saved search and a webhook. It lacks search and the calendar (`dim_date`), which a start fills if empty.
"""

import tarfile
from pathlib import Path

import pytest

from cli.main import migrate
from infrastructure.bootstrap import bootstrap
from infrastructure.scratch_installation import DiscardingMessageQueue, scratch_installation
from infrastructure.settings import Settings
from services.maintenance.rebuild import rebuild_gold, rebuild_silver
from services.maintenance.verify import verify
from services.ports.parts import Parts
from tests.support import rows

PACKED = Path(__file__).parent / "rules-1.tar.xz"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of the older installation, unpacked."""
    with tarfile.open(PACKED) as packed:
        packed.extractall(tmp_path / "data", filter="data")
    monkeypatch.setenv("TENDERLAKE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TENDERLAKE_EMBEDDINGS", "off")
    return Settings()


@pytest.fixture
def parts(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Parts:  # capsys: the output of the migration
    """The older installation after its migration."""
    migrate()
    made = bootstrap(settings)
    return type(made)(**{**vars(made), "messages": DiscardingMessageQueue()})


def test_the_older_folder_says_that_a_rebuild_is_due_and_is_whole_after_it(
    settings: Settings, parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "run `tenderlake rebuild silver`" in capsys.readouterr().out
    before = {row["ocid"] for row in rows(parts, "fact_process")}
    assert len(before) == 28
    rebuild_silver(parts)
    rebuild_gold(parts)
    assert {row["ocid"] for row in rows(parts, "fact_process")} == before
    assert "XX-7" in {row["organization_id"] for row in rows(parts, "dim_organization")}
    with scratch_installation(settings, parts) as fresh:
        assert list(verify(parts, fresh)) == []
    migrate()
    assert "rebuild silver" not in capsys.readouterr().out


def test_secrets_of_the_older_folder_are_sealed(settings: Settings, parts: Parts) -> None:
    (webhook,) = rows(parts, "webhook")
    assert not webhook["secret"].startswith("whsec_")
    assert parts.seals.decrypt(webhook["secret"]).startswith("whsec_")
    assert b"whsec_" not in (settings.data_dir / "warehouse.db").read_bytes()

"""A database, a data folder and a queue belong together; silver of an older rules version is reported until rebuilt."""

from pathlib import Path

import pytest

from domain.maintenance.installation import RULES_VERSION, Installation
from domain.shared.errors import StartupError
from infrastructure.files.secret_files import DataFolderSecrets
from infrastructure.scratch_installation import DiscardingMessageQueue
from infrastructure.warehouse.installation.repository import InstallationRepository
from services.maintenance.installation import claim_queue, identify, outdated_rules
from services.maintenance.rebuild import rebuild_silver
from services.ports.parts import Parts
from services.shared.clock import now
from tests.support import connection_of, lines, load, release


def test_the_first_start_gives_database_and_folder_one_id(lake_home: Parts, tmp_path: Path) -> None:
    first = identify(lake_home.warehouse, DataFolderSecrets(tmp_path), tmp_path, database_in_folder=False)
    assert (tmp_path / "installation").read_text() == first.id
    assert (tmp_path / "installation").stat().st_mode & 0o777 == 0o600
    assert first.rules_version == RULES_VERSION
    assert identify(lake_home.warehouse, DataFolderSecrets(tmp_path), tmp_path, database_in_folder=False) == first


def test_another_folder_is_refused_and_left_as_it_was(lake_home: Parts, tmp_path: Path) -> None:
    first = identify(lake_home.warehouse, DataFolderSecrets(tmp_path), tmp_path, database_in_folder=False)
    other = tmp_path / "other"
    with pytest.raises(StartupError, match=rf"installation {first.id}.*which belongs to none.*TENDERLAKE_DATA_DIR"):
        identify(lake_home.warehouse, DataFolderSecrets(other), other, database_in_folder=False)
    assert not other.exists()
    DataFolderSecrets(other).write("installation", b"somebody-else")
    with pytest.raises(StartupError, match="installation somebody-else"):
        identify(lake_home.warehouse, DataFolderSecrets(other), other, database_in_folder=False)


def test_a_database_in_the_folder_restores_the_file_and_a_crash_in_between_is_made_good(
    lake_home: Parts, tmp_path: Path
) -> None:
    DataFolderSecrets(tmp_path).write("installation", b"written-before-the-crash")
    first = identify(lake_home.warehouse, DataFolderSecrets(tmp_path), tmp_path, database_in_folder=True)
    assert first.id == "written-before-the-crash"
    (tmp_path / "installation").unlink()
    assert identify(lake_home.warehouse, DataFolderSecrets(tmp_path), tmp_path, database_in_folder=True) == first
    assert (tmp_path / "installation").read_text() == first.id


def test_data_of_an_older_version_is_told_of_until_silver_is_rebuilt(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines([release()]))
    old = identify(lake_home.warehouse, DataFolderSecrets(tmp_path), tmp_path, database_in_folder=True)
    assert old.rules_version == 1
    assert "tenderlake rebuild silver" in (outdated_rules(old) or "")
    rebuild_silver(lake_home)
    again = identify(lake_home.warehouse, DataFolderSecrets(tmp_path), tmp_path, database_in_folder=True)
    assert again == Installation(id=old.id, rules_version=RULES_VERSION)
    assert outdated_rules(again) is None


class _QueueOfAnother(DiscardingMessageQueue):
    """The port `Messages` of a queue that serves another installation."""

    def send(self, actor: str, *args: str) -> None:
        raise AssertionError(actor, args)

    def claim(self, installation: str) -> str:
        return f"not-{installation}"


def test_a_queue_of_another_installation_is_refused(lake_home: Parts) -> None:
    with lake_home.warehouse.write() as work:
        InstallationRepository(connection_of(work)).add(Installation(id="ours", rules_version=1), now())
        work.commit()
    with pytest.raises(StartupError, match=r"serves another installation \(not-ours\)"):
        claim_queue(lake_home.warehouse, _QueueOfAnother())

"""DVC's files are true: dvc.lock pins the bytes that the generator makes, and dvc.yaml names all that it is made of."""

import hashlib
from pathlib import Path

import pytest
import yaml

from seeds.bundle import write
from seeds.files import DATA

ROOT = Path(__file__).resolve().parents[2]
STAGE = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["seeds"]
PINNED = {
    Path(out["path"]).name: out for out in yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]["seeds"]["outs"]
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files that the generator makes now."""
    return write(tmp_path_factory.mktemp("seeds"))


def pinned(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {
        "path": f"seeds/data/{path.name}",
        "hash": "md5",
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "size": len(content),
    }


def test_the_lock_pins_what_the_generator_makes(made: list[Path]) -> None:
    advice = "run `dvc repro` and commit dvc.lock with the files"
    assert {path.name: pinned(path) for path in made} == PINNED, advice


def test_the_files_in_git_are_the_pinned_ones() -> None:
    assert {name: pinned(DATA / name) for name in PINNED} == PINNED


def test_the_stage_names_the_whole_generator_and_all_of_its_files(made: list[Path]) -> None:
    modules = {f"seeds/{path.name}" for path in (ROOT / "seeds").glob("*.py")}
    assert set(STAGE["deps"]) == modules | {"seeds/subjects"}
    outputs = {name: settings for out in STAGE["outs"] for name, settings in out.items()}
    assert outputs == {f"seeds/data/{path.name}": {"cache": False} for path in made}

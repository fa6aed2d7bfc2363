"""The documentation covers the code: every setting, stage, command and script."""

import re
from pathlib import Path

from cli.main import app
from domain.jobs.job import STAGES as SHOWN_STAGES
from infrastructure.settings import Settings
from script.licences import PAGE, locked
from services.pipeline.stages import STAGES
from services.quality.report import CODES

ROOT = Path(__file__).resolve().parents[1]


def test_every_setting_is_documented_with_what_it_does() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    missing = [
        name
        for name, field in Settings.model_fields.items()
        if f"`TENDERLAKE_{name.upper()}`" not in page or str(field.description) not in page
    ]
    assert missing == []


def test_every_stage_has_its_row_in_the_stage_table() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    names = [stage.name for stage in STAGES]
    assert re.findall(r"\n\| (\w+) \|", page.split("## The stages")[1].split("###")[0]) == ["stage", *names, "sweep"]


def test_every_check_of_data_quality_is_documented() -> None:
    page = (ROOT / "docs/quality.md").read_text()
    assert [code for code in CODES if f"`{code}`" not in page] == []


def test_clients_see_stages_of_the_registry_in_its_order() -> None:
    assert [stage.name for stage in STAGES if stage.name in SHOWN_STAGES] == list(SHOWN_STAGES)


def test_every_command_is_in_the_readme() -> None:
    page = (ROOT / "README.md").read_text()
    names = [command.name or str(getattr(command.callback, "__name__", "")) for command in app.registered_commands]
    assert names
    assert [name for name in names if f"tenderlake {name}" not in page] == []


def test_every_script_is_in_the_readme_but_the_installer() -> None:
    page = (ROOT / "README.md").read_text()
    scripts = {path.name for path in (ROOT / "script").iterdir() if path.is_file() and not path.suffix} - {"install"}
    assert {name for name in scripts if f"script/{name}" not in page} == set()


def test_links_between_the_pages_lead_somewhere() -> None:
    broken = [
        (page.name, target)
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_licence_of_every_locked_package_is_listed() -> None:
    listed = re.findall(r"^\| (\S+) \| (\S+) \| .+ \|$", PAGE.read_text(), re.MULTILINE)
    assert dict(listed[1:] if listed[0][0] == "package" else listed) == locked(), "run script/licences.py"

"""Mapping profiles: a YAML file maps a publisher's columns to OCDS; errors in it are reported before reading."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.maintenance.doctor import examine
from domain.jobs.job import JobCounts, JobStatus
from domain.shared.errors import StartupError
from infrastructure.formats.tables.profiles import load_profiles
from infrastructure.formats.tables.recognisers import tables
from infrastructure.settings import Settings
from services.ports.parts import Parts
from tests.infrastructure.formats.support import Home
from tests.infrastructure.formats.tables.test_csv import shown, text
from tests.support import load, rows

GOLDEN = Path(__file__).parents[3] / "golden" / "profiles"
PROFILE = """
name: prefeitura
title: the purchases of a town
headings: [Número, Objeto, Valor]
templates: {ocid: "ocds-abcdef-{Número}", id: "{Número}-{Data}"}
constants: {language: pt}
columns:
  Data: [{path: date, as: date, dates: ["%d/%m/%Y"]}]
  Objeto: [{path: tender/title}]
  Valor: [{path: tender/value/amount, decimal: ","}, {path: tender/value/currency, constant: BRL}]
  Situação: [{path: tender/status, map: {Aberta: active, Anulada: cancelled, "-": null}}]
  Etiquetas: [{path: tag}]
  Empenho: [{path: tender/id, template: "T-{}"}]
lists:
  - {column: Fornecedores, path: awards/0/suppliers, pattern: "([^,(]+) [(]([0-9]+)[)]", fields: [name, id]}
"""
HEADINGS = ["Número", "Data", "Objeto", "Valor", "Situação", "Etiquetas", "Empenho", "Fornecedores"]
ROW = ["7", "31/01/2024", "Obra", "1.234,56", "Aberta", "tender", "9", "Um (1), Dois (2)"]


@pytest.fixture(name="town")
def town_home(tmp_path: Path) -> Home:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "town.yaml").write_text(PROFILE, encoding="utf-8")
    return Home(tmp_path / "home", profiles=folder)


def read(home: Home, changed: dict[str, str]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    row = [changed.get(heading, cell) for heading, cell in zip(HEADINGS, ROW, strict=True)]
    elements, refused = home.read(text([HEADINGS, row], delimiter=";"), name="compras.csv")
    return [json.loads(one.raw) for one in elements], [(one.path, one.reason) for one in refused]


def test_a_users_profile_reads_a_publishers_table(town: Home) -> None:
    assert read(town, {}) == (
        [
            {
                "ocid": "ocds-abcdef-7",
                "id": "7-31/01/2024",
                "date": "2024-01-31T00:00:00",
                "tag": ["tender"],
                "language": "pt",
                "tender": {
                    "id": "T-9",
                    "title": "Obra",
                    "status": "active",
                    "value": {"amount": 1234.56, "currency": "BRL"},
                },
                "awards": [{"suppliers": [{"name": "Um", "id": "1"}, {"name": "Dois", "id": "2"}]}],
            }
        ],
        [],
    )


def test_blank_cells_bring_no_constants_and_dropped_ones_no_value(town: Home) -> None:
    (found,), refused = read(town, {"Valor": "", "Situação": "-", "Fornecedores": "", "Empenho": " "})
    assert found["tender"] == {"title": "Obra"}
    assert "awards" not in found
    assert refused == []


@pytest.mark.parametrize(
    ("heading", "cell", "said"),
    [
        ("Valor", "1,234.56", "decimal comma"),
        ("Data", "2024/31/01", "expected a date such as %d/%m/%Y"),
        ("Situação", "Outra", "expected one of 'Aberta'"),
        ("Fornecedores", "Um (1), sem número", "expected a list of (name, id)"),
        ("Número", "", "it is blank"),
    ],
)
def test_a_cell_that_the_profile_can_not_read_refuses_its_row(town: Home, heading: str, cell: str, said: str) -> None:
    found, ((path, reason),) = read(town, {heading: cell})
    assert found == []
    assert path == heading
    assert said in reason


def test_a_table_without_the_columns_of_the_ocid_is_refused_row_by_row(town: Home) -> None:
    elements, refused = town.read(text([["Número", "Objeto", "Valor"], ["7", "Obra", "1"]]), name="a.csv")
    assert elements == []
    assert "no column 'Data'" in refused[0].reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("columns: [", "invalid"),
        ("colour: red", "colour"),
        ("  Objeto: [{path: tender/minValue/amount, signs: ['€']}]", "needs decimal"),
        ("  Objeto: [{path: tender/minValue/amount, decimal: '.', thousands: '.'}]", "can't be both the decimal mark"),
        ('  Objeto: [{path: tender/title, decimals: ","}]', "decimals"),
        ("  Objeto: [{path: tender/title}, {path: tender/title}]", "two headings map to tender/title"),
        ("  Objeto: [{path: tender/title, constant: x, template: y}]", "can't be combined"),
        ('  - {column: Fornecedores, path: awards/0/suppliers, pattern: "(.+", fields: [name]}', "invalid"),
        (
            '  - {column: Fornecedores, path: awards/0/suppliers, pattern: "(.+)", fields: [name, id]}',
            "1 groups for 2 fields",
        ),
        ('templates: {id: "{Número}"}', "has the path ocid"),
    ],
)
def test_a_broken_profile_is_named_with_what_is_wrong(tmp_path: Path, change: str, said: str) -> None:
    lines = PROFILE.splitlines()
    at = len(lines) if change.startswith("  -") else lines.index("columns:") + change.startswith("  ")
    key = change.split(":")[0]
    lines = (
        [line for line in lines[:at] if not line.startswith(key)]
        + [change]
        + [line for line in lines[at:] if not line.startswith(key)]
    )
    (tmp_path / "town.yaml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(StartupError, match=r"town\.yaml is invalid") as raised:
        tables(tmp_path / "spool", 1_000, 1_000, tmp_path)
    assert said in raised.value.detail


def test_the_doctor_names_a_broken_profile(tmp_path: Path, migrated: Path) -> None:
    (tmp_path / "town.yaml").write_text("columns: [", encoding="utf-8")
    shutil.copy(migrated, tmp_path / "warehouse.db")
    found = list(examine(Settings(data_dir=tmp_path, profiles_dir=tmp_path)))
    assert [check.finding.split(": ")[0] for check in found if not check.passed and "profile" in check.finding] == [
        f"the profile {tmp_path / 'town.yaml'} is invalid"
    ]


def test_a_folder_of_profiles_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="is not a folder"):
        load_profiles(tmp_path / "none")


def test_the_export_of_contracts_finder_is_read_as_recorded(home: Home) -> None:
    expected = json.loads((GOLDEN / "contracts-finder.json").read_text(encoding="utf-8"))
    assert shown(*home.read((GOLDEN / "contracts-finder.csv").read_bytes(), name="contracts-finder.csv")) == expected


def test_the_export_of_contracts_finder_ends_in_the_star(lake_home: Parts) -> None:
    job = load(lake_home, "notices.csv", (GOLDEN / "contracts-finder.csv").read_bytes())
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=4, accepted=2, quarantined=2, processes=2)
    amounts = {one["ocid"]: one["amount"] and float(one["amount"]) for one in rows(lake_home, "fact_process")}
    assert amounts == {"ocds-b5fd17-BIP-1": 200.5, "ocds-b5fd17-BIP-2": None}
    assert len(rows(lake_home, "fact_award")) == 2


def test_the_profile_that_the_page_shows_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs/formats.md").read_text(encoding="utf-8")
    (tmp_path / "town.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    home = Home(tmp_path / "home", profiles=tmp_path)
    assert read(home, {})[1] == []


def amounts(tmp_path: Path, rule: str, cells: list[str]) -> tuple[list[Any], list[str]]:
    """The amounts read from these cells, and the reasons of refusals."""
    profile = (
        f'name: town\ntitle: T\nheadings: [Nr, Sum]\ntemplates: {{ocid: "o-{{Nr}}"}}\ncolumns:\n  Sum: [{{path: '
        f"tender/value/amount, {rule}}}]\n"
    )
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "town.yaml").write_text(profile, encoding="utf-8")
    elements, refused = Home(tmp_path / "home", profiles=folder).read(
        text([["Nr", "Sum"], *([str(number), cell] for number, cell in enumerate(cells))]), name="a.csv"
    )
    return [json.loads(one.raw)["tender"]["value"]["amount"] for one in elements], [one.reason for one in refused]


@pytest.mark.parametrize(
    ("rule", "cells", "expected"),
    [
        (
            "decimal: '.', signs: ['€']",
            ["€1,234.50", "€ 1,234", "1,234,567.5 €", "-€5", "€-5", "5"],
            [1234.5, 1234, 1234567.5, -5, -5, 5],
        ),
        ("decimal: ',', signs: ['R$', '$']", ["R$ 1.234,50", "R$1.234", "R$\u00a00,5", "$ 7"], [1234.5, 1234, 0.5, 7]),
        ("decimal: '.', signs: [EUR]", ["EUR 1,234.50", "1,234.50EUR"], [1234.5, 1234.5]),
        (
            "decimal: ',', thousands: ' ', signs: ['zł']",
            ["1 234 567,89 zł", "1\u00a0234", "1\u202f234,5"],
            [1234567.89, 1234, 1234.5],
        ),
        ("decimal: '.', thousands: \"'\", signs: [CHF]", ["CHF 1'234.50"], [1234.5]),
        ("decimal: '.'", ["1,234"], [1234]),
    ],
)
def test_amounts_are_read_with_the_signs_and_marks_that_a_profile_names(
    tmp_path: Path, rule: str, cells: list[str], expected: list[float]
) -> None:
    assert amounts(tmp_path, rule, cells) == (expected, [])


@pytest.mark.parametrize("cell", ["$5", "€€5", "€", "€1.234,50", "1,23", "1,2345", "€5€x", "+-5", "5 000", "1,234,50"])
def test_amounts_with_other_signs_or_marks_are_refused(tmp_path: Path, cell: str) -> None:
    found, (reason,) = amounts(tmp_path, "decimal: '.', signs: ['€']", [cell])
    assert found == []
    assert "expected a number with a decimal point, perhaps with €" in reason


def test_a_second_column_of_a_name_that_a_profile_has_is_left_out_with_a_word(town: Home) -> None:
    elements, refused = town.read(text([[*HEADINGS, "Objeto"], [*ROW, "Outra"]], delimiter=";"), name="compras.csv")
    assert json.loads(elements[0].raw)["tender"]["title"] == "Obra"
    assert [(one.code, one.path, one.excerpt) for one in refused] == [("column_left_out", "Objeto", "Outra")]

"""Facts, dimensions and aggregates as files."""

import io
from datetime import UTC, datetime, time
from pathlib import Path

import orjson
import polars as pl
import pytest
from openpyxl import load_workbook

from domain.star.exports import ExportFormat
from infrastructure.exports import table_files
from infrastructure.warehouse.star import dimension_attributes
from infrastructure.warehouse.star import frames as star_frames
from tests.api.conftest import Api
from tests.api.releases import release

FORMATS = list(ExportFormat)
AWARD = "/v1/gold/facts/award"
FIELDS = "fields=ocid,amount,award_date,supplier.name,date.year"


def read(form: ExportFormat, content: bytes) -> pl.DataFrame:
    """The table in a file."""
    match form:
        case ExportFormat.CSV:
            return pl.read_csv(content, try_parse_dates=True)
        case ExportFormat.JSONL:
            return pl.read_ndjson(content)
        case ExportFormat.PARQUET:
            return pl.read_parquet(content)
        case ExportFormat.ARROW:
            return pl.read_ipc(content)
        case _:
            heading, *rows = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
            return pl.DataFrame(rows, schema=[str(name) for name in heading], orient="row", infer_schema_length=None)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", [AWARD, "/v1/gold/facts/process", "/v1/gold/facts/item", "/v1/gold/dimensions/date"])
def test_a_file_has_the_rows_of_the_list(full: Api, form: ExportFormat, path: str) -> None:
    listed = full.client.get(f"{path}?sort={'date' if 'date' in path else 'ocid'}&limit=3").json()["items"]
    query = "sort=date&date__lte=1990-01-03" if path.endswith("date") else "sort=ocid"
    answer = full.client.get(f"{path}?format={form}&{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].split(";")[0] == form.media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="{path.rsplit("/", 1)[1]}.{form}"'
    found = read(form, answer.content)
    for name, values in found.head(3).to_dict(as_series=False).items():
        role, _, attribute = name.rpartition(".")
        expected = [row[role][attribute] if role else row[attribute] for row in listed]
        assert [_plain(value) for value in values] == [_plain(value) for value in expected], name


def _plain(value: object) -> object:
    """Numbers of all sizes, days and instants as texts of one form."""
    if isinstance(value, datetime):
        utc = value.replace(tzinfo=UTC)
        return utc.date().isoformat() if utc.time() == time() else utc.isoformat().replace("+00:00", "Z")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value)
    return float(text) if text.isdigit() else text if value is not None else None


@pytest.mark.parametrize("form", FORMATS)
def test_fields_are_the_columns_with_their_types(full: Api, form: ExportFormat) -> None:
    found = read(form, full.client.get(f"{AWARD}?{FIELDS}&format={form}&currency.code=EUR&sort=supplier.name").content)
    assert found.columns == ["ocid", "amount", "award_date", "supplier.name", "date.year"]
    assert found["amount"].to_list() == [200.0, 200.0]
    assert found["date.year"].to_list() == [2024, 2024]
    if form in {ExportFormat.PARQUET, ExportFormat.ARROW}:
        assert found.schema["award_date"] == pl.Datetime("us", "UTC")
        assert found["award_date"].to_list() == [datetime(2024, 3, 10, 10, tzinfo=UTC)] * 2


def test_fields_of_a_list_are_nested(full: Api) -> None:
    page = full.client.get(f"{AWARD}?{FIELDS}&currency.code=EUR&sort=supplier.name&limit=1").json()
    assert page["items"] == [
        {
            "ocid": "ocds-bbbbbb-9/x",
            "amount": 200.0,
            "award_date": "2024-03-10T10:00:00Z",
            "supplier": {"name": "Acme, Smith Ltd"},
            "date": {"year": 2024},
        }
    ]
    assert len(full.client.get(page["next"]).json()["items"]) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_an_aggregate_as_a_file(full: Api, form: ExportFormat) -> None:
    query = "measure=sum:amount,count&by=currency.code,award_date&having=count__gte=2&currency.code__null=false"
    found = read(form, full.client.get(f"{AWARD}/aggregate?{query}&format={form}").content)
    assert found.columns == ["currency.code", "award_date", "sum:amount", "count"]
    assert found.select("currency.code", "sum:amount", "count").rows() == [("EUR", 400.0, 2), ("GBP", 1000.5, 2)]


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows_are_a_file_with_its_columns(full: Api, form: ExportFormat) -> None:
    answer = full.client.get(f"{AWARD}?{FIELDS}&currency.code=XXX&format={form}")
    assert answer.status_code == 200
    if form is ExportFormat.JSONL:
        assert answer.content == b""
    else:
        assert read(form, answer.content).columns == ["ocid", "amount", "award_date", "supplier.name", "date.year"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("application/json;q=0.5, application/jsonl", "application/jsonl"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/html, */*;q=0.8", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_the_accept_header_chooses_the_format(full: Api, accept: str, content_type: str) -> None:
    assert full.client.get(AWARD, headers={"accept": accept}).headers["content-type"] == content_type


def test_cells_that_a_spreadsheet_would_run_are_harmless(api: Api) -> None:
    title = '=HYPERLINK("https://example.com","x")'
    made = release("ocds-aaaaaa-1", title, "2024-01-10T10:00:00Z", -5.0, "EUR", "open", "45233142")
    api.client.post("/v1/uploads?filename=one.json", content=orjson.dumps(made))
    api.work()
    path = "/v1/gold/facts/process?fields=title,amount&format="
    assert api.client.get(f"{path}csv").text.splitlines()[1] == '"\'=HYPERLINK(""https://example.com"",""x"")",-5.0'
    cell = load_workbook(io.BytesIO(api.client.get(f"{path}xlsx").content)).worksheets[0]["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (title, "s", None)
    assert pl.read_parquet(api.client.get(f"{path}parquet").content)["title"].to_list() == [title]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("format=csv&limit=3", "limit"),
        ("format=csv&cursor=abc", "cursor"),
        ("format=csv&fields=nothing", "fields"),
        ("fields=supplier", "fields"),
        ("format=csv&sort=nothing", "sort"),
        ("format=csv&colour=red", "colour"),
    ],
)
def test_what_does_not_fit_is_refused(full: Api, query: str, parameter: str) -> None:
    answer = full.client.get(f"{AWARD}?{query}")
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)
    assert full.client.get(f"{AWARD}?format=pdf").status_code == 422


def test_exports_leave_no_file_behind(full: Api) -> None:
    spool = Path(full.settings.data_dir) / "spool"
    before = sorted(spool.rglob("*"))
    for form in FORMATS:
        full.client.get(f"{AWARD}?format={form}")
    assert sorted(spool.rglob("*")) == before


def test_a_sheet_has_its_limits(full: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "XLSX_CELL_CHARACTERS", 5)
    content = full.client.get("/v1/gold/facts/process?fields=title&sort=title&format=xlsx").content
    assert load_workbook(io.BytesIO(content)).worksheets[0]["A2"].value == "Clou…"
    monkeypatch.setattr(table_files, "XLSX_ROWS_MAX", 2)
    answer = full.client.get("/v1/gold/facts/process?format=xlsx")
    assert (answer.status_code, answer.json()["parameter"]) == (400, "format")


def test_a_file_of_many_frames_has_every_row_once_with_its_own_dimensions(
    full: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = "fields=ocid,item_id,classification.code,process.title,buyer.name"
    path = f"/v1/gold/facts/item?{fields}"
    expected = read(ExportFormat.PARQUET, full.client.get(f"{path}&format=parquet").content)
    monkeypatch.setattr(star_frames, "FRAME_ROWS", 1)
    monkeypatch.setattr(dimension_attributes, "KEPT_ROWS", 0)
    found = read(ExportFormat.PARQUET, full.client.get(f"{path}&format=parquet").content)
    assert found.sort(found.columns).equals(expected.sort(expected.columns))
    listed = full.client.get(path).json()["items"]
    flat = [
        (one["ocid"], one["item_id"], one["classification"]["code"], one["process"]["title"], one["buyer"]["name"])
        for one in listed
    ]
    assert sorted(found.rows()) == sorted(flat)
    assert len(flat) == 3

"""Lists of jobs, and their errors as JSON and CSV."""

import csv
import io

import pytest

from tests.api.conftest import Api
from tests.api.jobs.conftest import FOUR, LINES


def upload(api: Api, body: bytes, name: str, user: str = "admin") -> str:
    job_id: str = api.client.post(
        "/v1/uploads", params={"filename": name}, content=body, auth=(user, f"{user}!")
    ).json()["id"]
    return job_id


def found(api: Api, query: str) -> list[str]:
    answer = api.client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 200, answer.text
    return [one["filename"] for one in answer.json()["items"]]


def test_jobs_are_listed_by_status_type_name_and_sender(api: Api) -> None:
    upload(api, FOUR, "2024-01_a.jsonl")
    upload(api, b"{broken", "2024-01%b.jsonl", "wendy")
    api.work()
    upload(api, FOUR, "2024-02.jsonl", "wendy")
    assert found(api, "") == ["2024-02.jsonl", "2024-01%b.jsonl", "2024-01_a.jsonl"]
    assert found(api, "filename=2024-01") == ["2024-01%b.jsonl", "2024-01_a.jsonl"]
    assert found(api, "filename=2024-01_") == ["2024-01_a.jsonl"]
    assert found(api, "filename=2024-01%25") == ["2024-01%b.jsonl"]
    assert found(api, "actor=wendy") == ["2024-02.jsonl", "2024-01%b.jsonl"]
    assert found(api, "actor=wendy&status=failed") == ["2024-01%b.jsonl"]
    assert found(api, "status=accepted") == ["2024-02.jsonl"]
    assert found(api, "type=seed") == []


def test_jobs_are_listed_by_when_they_were_accepted(api: Api) -> None:
    upload(api, FOUR, "first.jsonl")
    second = upload(api, FOUR, "second.jsonl")
    at = api.client.get(f"/v1/jobs/{second}").json()["created_at"]
    assert found(api, f"created_from={at}") == ["second.jsonl"]
    assert found(api, f"created_to={at}") == ["second.jsonl", "first.jsonl"]
    assert found(api, "created_from=2001-01-01&created_to=2001-12-31") == []
    assert api.client.get("/v1/jobs?created_from=soon").status_code == 422


def test_filters_hold_over_pages(api: Api) -> None:
    for number in range(5):
        upload(api, FOUR, f"{'a' if number % 2 else 'b'}{number}.jsonl")
    page = api.client.get("/v1/jobs?filename=b&limit=2").json()
    rest = api.client.get(page["next"]).json()
    assert [one["filename"] for one in page["items"] + rest["items"]] == ["b4.jsonl", "b2.jsonl", "b0.jsonl"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("?format=csv", None),
        ("", "text/csv"),
        ("", "application/json;q=0.5, text/csv"),
        ("?format=csv", "application/json"),
    ],
)
def test_errors_come_as_csv_where_asked_for(api: Api, query: str, accept: str | None) -> None:
    job_id = upload(api, LINES + b'{"a": "=1,\\"2\\"\n', "lines.jsonl")
    api.work()
    answer = api.client.get(f"/v1/jobs/{job_id}/errors{query}", headers={"Accept": accept} if accept else {})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"{job_id}-errors.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    items = api.client.get(f"/v1/jobs/{job_id}/errors").json()["items"]
    assert len(rows) == len(items) == 2
    assert [{name: value or None for name, value in row.items()} for row in rows] == [
        {name: str(value) if value not in (None, "") else None for name, value in item.items()} for item in items
    ]


@pytest.mark.parametrize(
    ("query", "accept"),
    [("", None), ("", "*/*"), ("?format=json", "text/csv"), ("", "text/csv;q=0.1, application/json")],
)
def test_errors_come_as_json_otherwise(api: Api, query: str, accept: str | None) -> None:
    job_id = upload(api, LINES, "lines.jsonl")
    api.work()
    answer = api.client.get(f"/v1/jobs/{job_id}/errors{query}", headers={"Accept": accept} if accept else {})
    assert answer.json()["items"][0]["line"] == 5


def test_csv_holds_more_errors_than_a_page(api: Api) -> None:
    job_id = upload(api, FOUR + b'{"ocid": "ocds-t-1", "id": "1"}\n' * 2_500, "many.jsonl")
    api.work()
    answer = api.client.get(f"/v1/jobs/{job_id}/errors?format=csv")
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == 2_500


def test_csv_errors_of_no_job_and_of_a_part_are_refused(api: Api) -> None:
    job_id = upload(api, LINES, "lines.jsonl")
    assert api.client.get("/v1/jobs/none/errors?format=csv").status_code == 404
    assert api.client.get(f"/v1/jobs/{job_id}/errors?format=csv&limit=5").status_code == 400
    assert api.client.get(f"/v1/jobs/{job_id}/errors?format=xml").status_code == 422
    assert api.client.get(f"/v1/jobs/{job_id}/errors?format=csv").text.count("\n") == 1

"""PDFs over HTTP: in by upload with their process, out by gold, search and raw records."""

from fastapi.testclient import TestClient

from tests.api.conftest import Api
from tests.infrastructure.pdf import pdfs
from tests.support import lines, release


def upload(api: Api, name: str, content: bytes, **parameters: str) -> dict[str, object]:
    answer = api.client.post("/v1/uploads", files={"file": (name, content, "application/pdf")}, params=parameters)
    assert answer.status_code == 202, answer.text
    api.work()
    job: dict[str, object] = api.client.get(answer.headers["location"]).json()
    return job


def hits(client: TestClient, **parameters: str) -> list[dict[str, object]]:
    answer = client.get("/v1/search", params={"collection": "documents", **parameters})
    assert answer.status_code == 200, answer.text
    return [hit["document"] for hit in answer.json()["hits"]]


def test_a_pdf_is_uploaded_for_its_process_and_found_in_gold_search_and_raw(api: Api) -> None:
    job = upload(api, "notice.pdf", pdfs.pdf("Axolotl breeding tanks", "Terms of delivery"), ocid="ocds-x")
    assert (job["status"], job["ocid"]) == ("succeeded", "ocds-x")
    (row,) = api.client.get("/v1/gold/facts/document").json()["items"]
    assert (row["filename"], row["ocid"], row["link"], row["process_key"], row["pages"]) == (
        "notice.pdf",
        "ocds-x",
        None,
        None,
        2,
    )
    assert [(hit["page"], hit["ocid"]) for hit in hits(api.client, q="delivery", ocid="ocds-x")] == [(2.0, "ocds-x")]
    assert hits(api.client, q="delivery", ocid="other") == []
    record = api.client.get(f"/v1/raw/documents/{row['record_id']}").json()
    assert [page["text"] for page in record["payload"]["pages"]] == ["Axolotl breeding tanks", "Terms of delivery"]


def test_documents_are_filtered_by_their_process_and_state(api: Api) -> None:
    ocid = "ocds-213czf-1"
    upload(api, "a.json", lines([release(ocid, tender={"title": "Tanks"})]))
    upload(api, f"{ocid}.pdf", pdfs.pdf("with a process"))
    upload(api, "alone.pdf", pdfs.pdf("without one"))
    for parameters, names in (
        ({"process.title": "Tanks"}, [f"{ocid}.pdf"]),
        ({"process_key__null": "true"}, ["alone.pdf"]),
        ({"link": "name", "state": "text"}, [f"{ocid}.pdf"]),
        ({"state": "encrypted"}, []),
    ):
        answer = api.client.get("/v1/gold/facts/document", params=parameters)
        assert [row["filename"] for row in answer.json()["items"]] == names, answer.text
    facets = api.client.get("/v1/search?collection=documents&facet_by=state").json()["facets"]
    assert facets == {"state": [{"value": "text", "count": 2}]}
    refused = api.client.get("/v1/gold/facts/document?facts=1")
    assert (refused.status_code, "filename" in refused.json()["allowed"]) == (400, True)


def test_an_ocid_that_is_none_is_refused_with_the_parameter_named(api: Api) -> None:
    answer = api.client.post(
        "/v1/uploads?ocid=%20&filename=a.pdf",
        content=pdfs.pdf("x"),
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code in {400, 422}
    assert "ocid" in answer.text


def test_why_nothing_can_be_read_is_among_the_jobs_errors(api: Api) -> None:
    job = upload(api, "locked.pdf", pdfs.encrypted("x", user="u"))
    assert job["status"] == "failed"
    errors = api.client.get(f"/v1/jobs/{job['id']}/errors").json()["items"]
    assert [(one["code"], one["file"]) for one in errors] == [("pdf_encrypted", "locked.pdf")]
    assert [row["state"] for row in api.client.get("/v1/gold/facts/document").json()["items"]] == ["encrypted"]


def test_no_answer_about_a_broken_file_names_a_path_of_the_server(api: Api) -> None:
    job = upload(api, "broken.pdf", b"%PDF-1.7\nnothing else")
    assert job["status"] == "failed"
    record = api.client.get("/v1/gold/facts/document").json()["items"][0]["record_id"]
    told = [
        f"/v1/jobs/{job['id']}",
        f"/v1/jobs/{job['id']}/errors",
        "/v1/gold/facts/document",
        f"/v1/raw/documents/{record}",
    ]
    told += [f"/v1/jobs/{job['id']}/errors?format=csv", "/v1/gold/facts/document?format=csv"]
    for path in told:
        assert str(api.settings.data_dir) not in api.client.get(path).text, path
    assert "it can't be opened: no objects found" in api.client.get(told[1]).text

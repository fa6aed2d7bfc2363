"""GET /v1/catalog: the tables as they are."""

from domain.lake.silver import ALL_TABLES
from domain.raw_records.record import Kind
from infrastructure.warehouse.star.gold_tables import gold_table, star_tables
from tests.api.conftest import Api


def test_every_table_of_each_layer_is_listed_with_its_size_and_freshness(full: Api) -> None:
    items = full.client.get("/v1/catalog").json()["items"]
    assert [one["name"] for one in items] == [
        *(f"bronze.{kind}" for kind in Kind),
        *(f"silver.{name}" for name in ALL_TABLES),
        *star_tables(),
    ]
    by_name = {one["name"]: one for one in items}
    assert (by_name["bronze.releases"]["rows"], by_name["silver.award_supplier"]["rows"]) == (3, 6)
    assert (by_name["fact_process"]["rows"], by_name["fact_award"]["rows"]) == (3, 6)
    assert (by_name["bronze.documents"]["rows"], by_name["bronze.documents"]["changed_at"]) == (0, None)
    job = full.client.get("/v1/jobs").json()["items"][0]
    for name in ("bronze.releases", "silver.process", "fact_award"):
        one = by_name[name]
        assert job["created_at"][:16] <= one["changed_at"] <= job["finished_at"], name
        assert one["owner"] == "tenderlake"
    assert all(one["description"] for one in items)


def test_a_table_shows_its_columns_and_what_they_are_made_of(full: Api) -> None:
    answer = full.client.get("/v1/catalog/fact_award")
    found = answer.json()
    columns = {one["name"]: one for one in found["columns"]}
    assert list(columns) == [column.name for column in gold_table("fact_award").columns]
    assert (found["grain"], found["layer"]) == ("award × supplier", "gold")
    assert columns["award_key"]["key"] is True
    assert columns["amount"]["sources"] == ["silver.award.amount", "silver.award_supplier.organization_id"]
    assert {"silver.award", "silver.award_supplier", "silver.exchange_rate"} <= set(found["inputs"])
    assert "award_before_tender_end" in found["quality"]["checks"]
    for link in (*found["links"].values(), found["quality"]["links"]["report"]):
        assert full.client.get(link).status_code == 200, link


def test_columns_of_silver_name_the_paths_of_ocds(full: Api) -> None:
    columns = {one["name"]: one for one in full.client.get("/v1/catalog/silver.award").json()["columns"]}
    assert columns["amount"]["sources"] == ["/awards/value/amount"]
    assert (columns["date"]["type"], columns["suppliers"]["type"]) == ("instant", "integer")
    assert (columns["ocid"]["nullable"], columns["title"]["nullable"]) == (False, True)


def test_an_unknown_table_is_refused_with_the_known_ones(full: Api) -> None:
    answer = full.client.get("/v1/catalog/job")
    assert (answer.status_code, "fact_award" in answer.json()["allowed"]) == (404, True)
    assert full.stranger.get("/v1/catalog").status_code == 401

"""Every kind of job runs to its end on PostgreSQL, and no column holds JSON's null where it should hold SQL's."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from sqlalchemy import func, inspect, select
from sqlmodel import SQLModel

from domain.raw_records.record import Kind
from infrastructure.warehouse.column_types import Json
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import upgrade
from services.maintenance.rebuild import rebuild_gold, rebuild_search, rebuild_silver
from services.pipeline.indexing.index import index
from tests.api.conftest import Api, over
from tests.api.releases import package
from tests.services.exchange_rates.server import service
from tests.services.exchange_rates.support import priced, with_service
from tests.services.pipeline.erasing.leftovers import in_tables
from tests.services.pipeline.erasing.test_nothing_left import WORD, keyed, tender
from tests.services.raw_records.support import IDS, PATCHES, RECORDS, done, path, release, sound
from tests.support import back_to, lines


def json_nulls(api: Api) -> list[str]:
    """The nullable columns of JSON in which a row holds JSON's null."""
    assert isinstance(api.parts.warehouse, SqlWarehouse)
    found = []
    with api.parts.warehouse.engine.connect() as connection:
        present = inspect(connection).get_table_names()  # an older version has fewer
        for table in SQLModel.metadata.tables.values():
            for column in table.columns if table.name in present else ():
                if isinstance(column.type, Json) and column.nullable:
                    count = connection.execute(
                        select(func.count()).select_from(table).where(func.jsonb_typeof(column) == "null")
                    ).scalar_one()
                    found += [f"{table.name}.{column.name}"] * bool(count)
    return found


@pytest.fixture
def whole(api: Api) -> Any:
    """The installation; at the end, it is as a rebuild would make it."""
    yield api
    assert json_nulls(api) == []
    assert sound(api) == []


IN_EACH_RUN = {Kind.RELEASES, Kind.DOCUMENTS}  # the others in the slow suites


@pytest.mark.parametrize(
    "kind", [pytest.param(one, marks=[] if one in IN_EACH_RUN else pytest.mark.slow) for one in Kind]
)
def test_a_record_of_each_kind_is_made_changed_deleted_and_purged(whole: Api, kind: Kind) -> None:
    url = path(kind, IDS[kind])
    changes: list[Callable[[], Any]] = [
        lambda: whole.client.post(path(kind), json=RECORDS[kind]),
        lambda: whole.client.patch(url, json=PATCHES[kind][0]),
        lambda: whole.client.put(url, json=RECORDS[kind]),
        lambda: whole.client.delete(url),
        lambda: whole.client.post(path(kind), json=RECORDS[kind]),
        lambda: whole.client.delete(url, params={"purge": True}),
    ]
    assert [done(whole, change())["status"] for change in changes] == ["succeeded"] * len(changes)
    assert whole.client.get(url).status_code == 404
    (entry,) = whole.client.get("/v1/audit").json()["items"]
    assert (entry["status"], entry["erased"]["versions"]) == ("done", [1, 2, 3, 4, 5])
    assert [one["version"] for one in whole.client.get(f"{url}/versions").json()["items"]] == [6]


def test_a_purge_beside_jobs_that_failed_and_their_webhooks_ends(whole: Api) -> None:
    hook = {"webhook": "https://example.org/hook"}
    done(whole, whole.client.post("/v1/raw/releases", json=release(1), params=hook))
    failed = done(
        whole, whole.client.patch(path(Kind.RELEASES, IDS[Kind.RELEASES]), json={"date": "never"}, params=hook)
    )
    assert failed["status"] == "failed"
    job = done(whole, whole.client.delete(path(Kind.RELEASES, IDS[Kind.RELEASES]), params={"purge": True, **hook}))
    assert job["status"] == "succeeded"
    (delivery,) = whole.client.get(f"/v1/jobs/{failed['id']}/deliveries").json()["items"]
    assert "never" not in orjson.dumps(delivery).decode()


def test_uploads_are_landed_cancelled_and_tried_again(whole: Api) -> None:
    three = done(whole, whole.client.post("/v1/uploads", files={"file": ("three.json", package())}))
    broken = done(whole, whole.client.post("/v1/uploads", params={"filename": "a.jsonl"}, content=b'{"ocid": "x"}\n'))
    some = done(
        whole,
        whole.client.post(
            "/v1/uploads", params={"filename": "b.jsonl"}, content=orjson.dumps(release(7)) + b"\n{broken\n"
        ),
    )
    assert [job["status"] for job in (three, broken, some)] == ["succeeded", "failed", "succeeded"]
    waiting = whole.client.post("/v1/uploads", params={"filename": "c.jsonl"}, content=orjson.dumps(release(8))).json()
    assert whole.client.delete(f"/v1/jobs/{waiting['id']}").json()["status"] == "cancelled"
    whole.work()
    again = [done(whole, whole.client.post(f"/v1/jobs/{job['id']}/retry"))["status"] for job in (broken, some, waiting)]
    assert again == ["failed", "succeeded", "succeeded"]
    assert whole.client.get("/v1/gold/processes/ocds-b5fd17-bar-8").status_code == 200


@pytest.mark.slow
def test_the_seeds_are_loaded_and_every_layer_is_rebuilt(whole: Api) -> None:
    jobs = whole.client.post("/v1/seed")
    assert jobs.status_code == 202
    whole.work()
    assert {
        job["status"] for job in whole.client.get("/v1/jobs", params={"type": "seed", "limit": 100}).json()["items"]
    } == {"succeeded"}
    assert rebuild_silver(whole.parts) == rebuild_gold(whole.parts) > 0
    assert rebuild_search(whole.parts) > 0


def test_rates_are_asked_of_a_service(whole: Api) -> None:
    with (
        service({"2024-01-02": {"USD": 1.25}, "2024-01-03": {"USD": 1.6}}) as there,
        over(whole, with_service(whole.parts, there.url)) as asking,
    ):
        client = asking.client
        rate_needed = lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03")])
        done(asking, client.post("/v1/uploads", params={"filename": "a.jsonl"}, content=rate_needed))
        assert done(asking, client.post("/v1/enrich/exchange-rates"))["status"] == "succeeded"
        (process,) = client.get("/v1/gold/facts/process").json()["items"]
        assert process["amount_base"] == 62.5


def test_after_a_purge_no_row_tells_of_what_was_erased(whole: Api) -> None:
    body = {"name": "all", "query": {}, "webhook": "https://example.org/alerts"}
    for collection in ("processes", "organizations"):
        assert whole.client.post("/v1/searches", json=body | {"query": {"collection": collection}}).status_code == 201
    named = {"filename": f"{WORD}.json", "webhook": "https://example.org/hook"}
    done(whole, whole.client.post("/v1/uploads", params=named, content=orjson.dumps(tender()), headers=keyed("a")))
    done(whole, whole.client.post(path(Kind.RELEASES), json=[tender(id="r2", date=f"in {WORD}"), release(2)]))
    assert len({place for place, said in in_tables(whole) if WORD.lower() in said.lower()}) > 10
    done(whole, whole.client.delete(path(Kind.RELEASES, IDS[Kind.RELEASES]), params={"purge": True}))
    assert [place for place, said in in_tables(whole) if WORD.lower() in said.lower()] == []
    assert whole.client.get("/v1/gold/processes/ocds-b5fd17-bar-2").status_code == 200


def test_nulls_of_json_that_an_older_version_wrote_are_made_nulls_of_sql(whole: Api) -> None:
    done(whole, whole.client.post("/v1/uploads", params={"filename": "a.json"}, content=orjson.dumps(release(1))))
    assert isinstance(whole.parts.warehouse, SqlWarehouse)
    back_to(whole.settings.warehouse_url, "0012")
    with whole.parts.warehouse.write() as work:
        work.connection.exec_driver_sql("UPDATE job SET error = 'null', position = 'null', webhook = 'null'")
        work.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0011'")
        work.commit()
    assert json_nulls(whole) == ["job.position", "job.webhook", "job.error"]
    upgrade(whole.settings.warehouse_url, seals=whole.parts.seals)
    rebuild_gold(whole.parts)  # fills the tables that the older version lacked
    index(whole.parts)
    assert json_nulls(whole) == []

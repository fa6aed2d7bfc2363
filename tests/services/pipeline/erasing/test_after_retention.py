"""A purge erases all content also after the details of the jobs, which name what they refused, were deleted."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from domain.raw_records.record import Kind
from infrastructure.warehouse.ledger.jobs import JOB
from services.maintenance.retention import apply_retention
from services.shared.clock import now
from tests.api.conftest import Api
from tests.services.pipeline.erasing.test_purge import SECRET, URL, secret, told
from tests.services.raw_records.support import IDS, done, path, release, sound
from tests.support import connection_of


@pytest.mark.parametrize("refused_by", ["upload", "post", "put", "patch"])
def test_a_purge_after_the_details_of_jobs_were_deleted_leaves_nothing(api: Api, refused_by: str) -> None:
    done(api, api.client.post("/v1/raw/releases", json=[secret(), release(4)]))
    wrong: dict[str, Any] = {"date": SECRET}
    match refused_by:
        case "upload":
            content = b"".join(orjson.dumps(one) + b"\n" for one in (secret(), release(2), secret(id="r9", **wrong)))
            api.client.post("/v1/uploads", params={"filename": "a.jsonl"}, content=content)
        case "post":
            api.client.post("/v1/raw/releases", json=[secret(**wrong), release(5)])
        case "put":
            api.client.put(URL, json=secret(title=SECRET, **wrong))
        case "patch":
            api.client.patch(path(Kind.RELEASES), json=[{"id": IDS[Kind.RELEASES], "patch": wrong}])
    api.work()
    with api.parts.warehouse.write() as work:
        connection_of(work).execute(update(JOB).values(finished_at=now() - timedelta(days=40)))
        work.commit()
    assert apply_retention(api.parts.warehouse, 30, None) > 0
    done(api, api.client.delete(URL, params={"purge": True}))
    assert told(api.settings.data_dir) == []
    assert sound(api) == []

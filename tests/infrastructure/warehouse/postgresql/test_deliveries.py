"""Leases of deliveries on PostgreSQL: two runs at once never attempt the same delivery."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from services.ports.parts import Parts
from services.shared.clock import now
from services.webhooks.outbox import LEASE_DURATION, enqueue


def test_two_runs_at_once_lease_each_delivery_once(lake_on_postgres: Parts) -> None:
    urls = [
        "https://a.example/1",
        "https://a.example/1",
        *(f"https://a.example/{number}" for number in range(2, 9)),
        "https://b.example/",
    ]
    with lake_on_postgres.warehouse.write() as work:
        for url in urls:
            enqueue(work, url=url, secret="s" * 16, event="test", payload={}, ref="thing")
        work.commit()
    moment = now()

    def lease(at: datetime) -> list[str]:
        with lake_on_postgres.warehouse.write() as work:
            found = [one.url for one in work.deliveries.lease(at, at + LEASE_DURATION, 32, 4)]
            work.commit()
        return found

    with ThreadPoolExecutor(4) as pool:
        leased = [url for urls_of_one in pool.map(lease, [moment] * 4) for url in urls_of_one]
    assert sorted(leased) == ["https://a.example/1", *urls[2:5], "https://b.example/"]
    with lake_on_postgres.warehouse.read() as reader:
        assert not reader.deliveries.due(moment, 4)
        assert reader.deliveries.due(moment + LEASE_DURATION, 4)
    assert len(lease(moment + LEASE_DURATION)) == 5

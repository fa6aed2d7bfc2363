"""Saved searches over HTTP: private to their owner, with one alert per new match, by signed webhook and feed."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree

import pytest
from standardwebhooks import Webhook

from domain.search.queries import Filter
from domain.users.user import Role
from infrastructure.credentials import PASSWORD_HASHER
from infrastructure.http.webhook_sender import HttpWebhookSender
from services.pipeline.indexing.index import index
from services.search.rebuild import rebuild_search
from services.users.accounts import add_user, remove_user
from services.webhooks.outbox import deliver, list_deliveries
from tests.api.conftest import STAGES, Api
from tests.api.releases import release

ATOM = {"a": "http://www.w3.org/2005/Atom"}
Json = dict[str, Any]


def load(api: Api, *titles: str, first: int = 0, date: str = "2024-05-01T00:00:00Z") -> None:
    """One process per title, numbered by position in the list."""
    made = [
        release(f"ocds-test09-{first + i}", title, date, 5.0, "GBP", "open", "45233142")
        for i, title in enumerate(titles)
    ]
    answer = api.client.post(
        "/v1/uploads", files={"file": ("some.jsonl", b"\n".join(json.dumps(one).encode() for one in made))}
    )
    assert answer.status_code == 202, answer.text
    work(api)


def work(api: Api, until: str = "") -> None:
    """Handle the messages up to the first one for the stage `until`; deliveries are not sent."""
    while api.messages.sent and api.messages.sent[0][0] != until:
        actor, *args = api.messages.sent.pop(0)
        if actor != "deliver":
            STAGES[actor](api.parts, *args)


def save(api: Api, user: str = "rita", **body: Any) -> Json:
    answer = api.stranger.post(
        "/v1/searches", json={"name": "Bridges", "query": {"q": "bridges"}} | body, auth=(user, f"{user}!")
    )
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    assert answer.headers["Location"] == f"/v1/searches/{made['id']}"
    return made


def sent(api: Api, search: Json) -> list[Json]:
    """The payloads queued for a search, oldest first."""
    return [one.payload for one in reversed(list_deliveries(api.parts.warehouse, ref=search["id"])[0])]


def entries(api: Api, search: Json) -> list[str]:
    """The titles in a search's feed."""
    answer = api.stranger.get(search["feed"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = ElementTree.fromstring(answer.content)
    assert feed.findtext("a:id", namespaces=ATOM) == f"urn:tenderlake:search:{search['id']}"
    assert feed.find("a:author/a:name", ATOM) is not None
    for entry in feed.findall("a:entry", ATOM):
        assert all(entry.find(f"a:{name}", ATOM) is not None for name in ("id", "title", "updated", "link"))
    return [str(entry.findtext("a:title", namespaces=ATOM)) for entry in feed.findall("a:entry", ATOM)]


def test_a_saved_search_is_one_s_own(api: Api) -> None:
    made = save(
        api, query={"q": "roads", "buyer": ["Cardiff, City of"], "value_from": 5, "published_from": "2024-01-01"}
    )
    path = f"/v1/searches/{made['id']}"
    mine = api.stranger.get(path, auth=("rita", "rita!")).json()
    assert mine["query"] == {
        "q": "roads",
        "buyer": ["Cardiff, City of"],
        "value_from": 5.0,
        "published_from": "2024-01-01T00:00:00Z",
    }
    assert "secret" not in mine
    assert [one["id"] for one in api.stranger.get("/v1/searches", auth=("rita", "rita!")).json()["items"]] == [
        made["id"]
    ]
    for call in (api.client.get, api.client.delete):
        assert call(path).status_code == 404
    assert api.client.put(path, json={"name": "x", "query": {}}).status_code == 404
    assert api.client.get("/v1/searches").json() == {"items": []}
    assert api.stranger.get("/v1/searches").status_code == 401
    changed = api.stranger.put(
        path, json={"name": "Rail", "query": {"q": "rail"}, "feed": False}, auth=("rita", "rita!")
    ).json()
    assert (changed["name"], changed["query"], changed["feed"]) == ("Rail", {"q": "rail"}, None)
    assert api.stranger.get(made["feed"]).status_code == 404
    assert api.stranger.delete(path, auth=("rita", "rita!")).status_code == 204
    assert api.stranger.get(path, auth=("rita", "rita!")).status_code == 404


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"query": {"colour": "red"}}, "colour"),
        ({"query": {"role": ["buyer"]}}, "role"),
        ({"query": {"published_from": "yesterday"}}, "published_from"),
        ({"query": {"similar_to": "ocds-1"}}, "similarity"),
        ({"webhook": "ftp://example.org"}, "http"),
        ({"webhook": "http://127.0.0.1/x"}, "127.0.0.1"),
        ({"name": ""}, "name"),
    ],
)
def test_what_can_not_be_saved_is_refused_with_the_reason(api: Api, body: Json, hint: str) -> None:
    answer = api.client.post("/v1/searches", json={"name": "One", "query": {"q": "x"}} | body)
    assert answer.status_code in {400, 422}, answer.text
    assert hint in answer.text


def test_each_new_match_is_told_once_and_old_ones_never(api: Api) -> None:
    load(api, "Bridges of old", "Roads of old")
    made = save(api, webhook="https://example.org/hook")
    assert (entries(api, made), sent(api, made)) == ([], [])
    load(api, "Bridges of old, corrected", "Roads of old", "Bridges anew", date="2024-06-01T00:00:00Z")
    assert entries(api, made) == ["Bridges anew"]
    (message,) = sent(api, made)
    assert (message["event"], message["found"], message["search"]["name"]) == ("search.matched", 1, "Bridges")
    assert [one["id"] for one in message["documents"]] == ["ocds-test09-2"]
    load(api, "Bridges of old", "Bridges by now", "Bridges anew, corrected", date="2024-07-01T00:00:00Z")
    assert sorted(entries(api, made)) == ["Bridges anew", "Bridges by now"]
    rebuild_search(api.parts)
    load(api, "Bridges of old", "Bridges by now", "Bridges anew", date="2024-08-01T00:00:00Z")
    assert [one["found"] for one in sent(api, made)] == [1, 1]
    assert api.stranger.get(f"/v1/searches/{made['id']}", auth=("rita", "rita!")).json()["matches"] == 2


def test_another_query_is_told_of_what_matches_it_from_then_on(api: Api) -> None:
    load(api, "Harbours of old")
    made = save(api)
    answer = api.stranger.put(
        f"/v1/searches/{made['id']}", json={"name": "Harbours", "query": {"q": "harbours"}}, auth=("rita", "rita!")
    )
    assert answer.status_code == 200
    load(api, "Harbours of old", "Harbours anew", "Bridges", date="2024-06-01T00:00:00Z")
    assert entries(api, made) == ["Harbours anew"]


def test_filters_and_collections_hold_for_alerts(api: Api) -> None:
    cheap, dear = save(api, query={"value_to": 10}), save(api, query={"value_from": 10})
    organizations = save(api, query={"collection": "organizations", "role": ["buyer"]})
    load(api, "Bridges")
    assert (len(entries(api, cheap)), entries(api, dear)) == (1, [])
    assert len(entries(api, organizations)) == 1


def test_an_alert_corrects_completes_and_leaves_out_no_word(api: Api) -> None:
    unknown, half, begun = (
        save(api, query={"q": "Costain"}),
        save(api, query={"q": "rural school maintenance"}),
        save(api, query={"q": "contain"}),
    )
    load(api, "Supply of waste containers", "Rural broadband maintenance", "Maintenance of rural schools")
    assert (entries(api, unknown), entries(api, half), entries(api, begun)) == (
        [],
        ["Maintenance of rural schools"],
        [],
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"q": "%"}, []),
        ({"q": "🙂"}, []),
        ({"q": "b" * 300}, []),
        ({"q": f"kumquat {'b' * 300}"}, []),
        ({"q": "屋根"}, ["図書館の屋根の修理工事"]),
        ({"q": "根屋"}, []),
        ({"q": "buses"}, ["Kumquat bus"]),
        ({"q": "kumquat -buses"}, []),
        ({"q": "kumquat", "classification": ["CPV:45233142-6"]}, ["Kumquat bus"]),
    ],
)
def test_an_alert_is_told_of_what_its_words_are_in(api: Api, query: Json, told: list[str]) -> None:
    made = save(api, query=query)
    load(api, "図書館の屋根の修理工事", "Kumquat bus")
    assert entries(api, made) == told


def test_a_saved_search_that_would_be_cut_is_refused(api: Api) -> None:
    answer = api.stranger.post(
        "/v1/searches", json={"name": "Long", "query": {"q": "road " * 201}}, auth=("rita", "rita!")
    )
    assert answer.status_code == 422
    assert "1000 characters" in answer.text


def test_a_run_that_was_killed_before_its_end_misses_no_match(api: Api) -> None:
    made = save(api, webhook="https://example.org/hook")
    commits = 0

    class Killed(Exception):  # noqa: N818
        """The process ends."""

    class Dying:
        """The warehouse of a worker that is killed at one of its write transactions."""

        def __getattr__(self, name: str) -> Any:
            return getattr(api.parts.warehouse, name)

        def write(self) -> Any:
            nonlocal commits
            commits += 1
            if commits == at:
                raise Killed
            return api.parts.warehouse.write()

    for number, at in enumerate((1, 2, 3)):  # noqa: B007  the warehouse above counts to it
        assert api.client.post("/v1/uploads", files={"file": ("a.jsonl", _bridge(number))}).status_code == 202
        work(api, until="index")
        commits = 0
        with pytest.raises(Killed):
            index(replace(api.parts, warehouse=Dying()))
        work(api)
        assert len(entries(api, made)) == number + 1
        assert [one["found"] for one in sent(api, made)] == [1] * (number + 1)


def _bridge(number: int) -> bytes:
    return json.dumps(
        release(f"ocds-test09-{number}", f"Bridges {number}", "2024-05-01T00:00:00Z", 5.0, "GBP", "open", "45233142")
    ).encode()


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A webhook receiver that accepts everything, and the requests received."""
    came: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", came
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_hears_of_new_matches_signed(
    api: Api, receiver: tuple[str, list[tuple[dict[str, str], bytes]]]
) -> None:
    url, came = receiver
    object.__setattr__(api.settings, "webhook_private", True)
    made = save(api, webhook=url)
    load(api, "Bridges anew")
    deliver(replace(api.parts, hooks=HttpWebhookSender(private=True, deadline=5.0)))
    headers, body = came[0]
    assert Webhook(made["secret"]).verify(body, headers)["documents"][0]["title"] == "Bridges anew"


def test_a_feed_needs_its_token(api: Api) -> None:
    made = save(api)
    path = f"/v1/searches/{made['id']}/feed"
    assert api.stranger.get(path).status_code == 422
    assert api.stranger.get(f"{path}?token=wrong").status_code == 404
    assert api.client.get(f"/v1/searches/none/feed?token={made['feed'].split('=')[1]}").status_code == 404


def test_a_title_of_any_characters_is_valid_in_a_feed(api: Api) -> None:
    made = save(api, name="<Bridges> & \u0001 \U0001f309")
    load(api, "Bridges <b>&amp; \u0002 ]]> “x”")
    assert entries(api, made) == ["Bridges <b>&amp; \ufffd ]]> “x”"]


def test_the_state_of_search_says_engine_documents_and_lag(api: Api) -> None:
    load(api, "Bridges", "Roads")
    state = api.stranger.get("/v1/search/status", auth=("rita", "rita!")).json()
    assert (state["engine"], state["healthy"], state["lag"]) == ("embedded", True, {"batches": 0, "seconds": 0.0})
    assert state["collections"]["processes"]["documents"] == 2
    api.client.post("/v1/uploads", files={"file": ("a.jsonl", _bridge(7))})
    work(api, until="refine")
    assert api.client.get("/v1/search/status").json()["lag"]["batches"] == 1


def test_search_inside_tenderlake_gives_no_keys(api: Api) -> None:
    assert api.stranger.post("/v1/search/key", json={}, auth=("rita", "rita!")).status_code == 403
    answer = api.client.post("/v1/search/key", json={})
    assert answer.status_code == 409
    assert "TENDERLAKE_TYPESENSE_URL" in answer.json()["detail"]


def test_the_searches_of_a_user_who_is_removed_end_with_them(api: Api) -> None:
    made, other = (
        save(api, query={"q": "bridge"}, webhook="https://example.org/alerts"),
        save(api, "wendy", query={"q": "bridge"}),
    )
    load(api, "A bridge over the Tawe")
    assert [one.status for one in list_deliveries(api.parts.warehouse, ref=made["id"])[0]] == ["pending"]
    remove_user(api.parts.warehouse, "rita", "cli:tester")
    assert [one.status for one in list_deliveries(api.parts.warehouse, ref=made["id"])[0]] == ["cancelled"]
    assert api.stranger.get(made["feed"]).status_code == 404
    load(api, "Another bridge", first=1)
    assert len(list_deliveries(api.parts.warehouse, ref=made["id"])[0]) == 1
    assert entries(api, other) == ["Another bridge", "A bridge over the Tawe"]
    add_user(api.parts.warehouse, PASSWORD_HASHER, "rita", Role.READER, "rita!", "cli:tester")
    assert api.stranger.get("/v1/searches", auth=("rita", "rita!")).json() == {"items": []}


@pytest.mark.parametrize("query", [{"buyer": [""]}, {"status": ["  "]}, {"classification": [",", ""]}])
def test_an_empty_filter_is_refused_when_it_is_saved_and_when_it_is_asked(
    api: Api, query: dict[str, list[str]]
) -> None:
    (name,) = query
    for answer in (
        api.client.post("/v1/searches", json={"name": "x", "query": query}),
        api.client.get("/v1/search", params=query),
    ):
        assert answer.status_code == 400
        assert answer.json()["parameter"] == name
    assert api.client.get("/v1/searches").json() == {"items": []}


def test_a_search_that_the_engine_refuses_keeps_nobody_s_data_from_gold_and_search(api: Api) -> None:
    broken, well = save(api, query={"q": "bridge"}), save(api, query={"q": "bridge"})
    with api.parts.warehouse.write() as work_:
        stored = work_.saved_searches.get(broken["id"])
        assert stored is not None
        refused = stored.query.model_copy(update={"filters": (Filter(field="buyer_name"),)})
        work_.saved_searches.put(stored.model_copy(update={"query": refused}))
        work_.commit()
    load(api, "A bridge over the Tawe")
    assert entries(api, well) == ["A bridge over the Tawe"]
    assert entries(api, broken) == []
    assert api.client.get("/v1/gold/processes").json()["items"][0]["title"] == "A bridge over the Tawe"


def test_a_feed_is_known_by_its_tag_and_links_nowhere_else(api: Api) -> None:
    made = save(api)
    first = api.stranger.get(made["feed"])
    tag = {"If-None-Match": first.headers["etag"]}
    same = api.stranger.get(made["feed"], headers=tag)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    head = api.stranger.head(made["feed"])
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])
    assert api.stranger.get(made["feed"], headers={"If-None-Match": "what?"}).status_code == 400
    load(api, "Bridges anew")
    changed = api.stranger.get(made["feed"], headers=tag | {"Host": "evil.example"})
    assert (changed.status_code, changed.headers["etag"] != first.headers["etag"]) == (200, True)
    assert "evil.example" not in changed.text
    links = [link.attrib["href"] for link in ElementTree.fromstring(changed.content).iter(f"{{{ATOM['a']}}}link")]
    assert links == [made["feed"], "/v1/gold/processes/ocds-test09-0"]
    assert api.client.get(links[1]).status_code == 200


def test_entries_bear_titles_that_people_know(api: Api) -> None:
    processes = save(api, query={"collection": "processes"})
    organizations = save(api, query={"collection": "organizations"})
    documents = save(api, query={"collection": "documents"})
    untitled = {"ocid": "ocds-test09-9", "id": "1", "date": "2024-01-01T00:00:00Z", "tag": ["tender"]}
    described = untitled | {
        "ocid": "ocds-test09-8",
        "tender": {"id": "t", "title": "  ", "description": "Repair of  two bridges"},
    }
    party = untitled | {"ocid": "ocds-test09-7", "parties": [{"id": "X-1", "roles": ["buyer"]}], "buyer": {"id": "X-1"}}
    api.client.post("/v1/raw/releases", json=[untitled, described, party])
    pages = [{"page": 1, "text": "Bridges are sought."}]
    files = [
        {"id": "d1", "filename": "notice-7.pdf", "pages": pages},
        {"id": "d2", "filename": "n.pdf", "title": "Notice of bridges", "pages": pages},
    ]
    api.client.post("/v1/raw/documents", json=files)
    work(api)
    assert sorted(entries(api, processes)) == ["Contracting process without a title"] * 2 + ["Repair of two bridges"]
    assert entries(api, organizations) == ["Organisation without a name"]
    assert sorted(entries(api, documents)) == ["Notice of bridges", "notice-7.pdf"]

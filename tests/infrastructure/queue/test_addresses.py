"""The URLs of a Redis or Valkey, and what a wrong one is answered with."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from domain.shared.errors import AwayError, StartupError, UnavailableError
from infrastructure.queue.dispatcher import RedisMessageQueue
from script.certificates import make_certificates
from tests.database_server import need
from tests.infrastructure.queue.conftest import PROGRAM, RIGHTS, TlsQueue

PAGE = Path(__file__).resolve().parents[3] / "docs/redis.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsQueue]:
    need(PROGRAM, package="redis-server")
    folder = tmp_path_factory.mktemp("tls")
    running = TlsQueue(folder, str(PROGRAM), make_certificates(folder / "certificates"))
    running.start()
    yield running
    running.kill()
    running.server.clear()


def test_databases_of_one_server_are_queues_of_their_own(server: TlsQueue) -> None:
    one, other = RedisMessageQueue(server.url), RedisMessageQueue(server.url.replace("/0?", "/6?"))
    one.send("land", "job")
    assert one.pending("land") == {("job",)}
    assert other.pending("land") == set()


def test_the_schemes_of_valkey_mean_the_same(server: TlsQueue) -> None:
    RedisMessageQueue(server.url.replace("rediss://", "valkeys://")).check()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("p%40ss", "wrong"), "invalid username-password pair"),
        (("tenderlake:", "nobody:"), "invalid username-password pair"),
        (("127.0.0.1", "localhost"), "CERTIFICATE_VERIFY_FAILED"),
    ],
)
def test_what_no_waiting_cures_is_no_outage(server: TlsQueue, change: tuple[str, str], reason: str) -> None:
    sender = RedisMessageQueue(server.url.replace(*change))
    with pytest.raises(UnavailableError, match=reason) as raised:
        sender.claim("installation")
    assert not isinstance(raised.value, AwayError)


def test_a_certificate_of_an_unknown_authority_is_refused(server: TlsQueue, tmp_path: Path) -> None:
    strangers = make_certificates(tmp_path / "strangers")
    url = server.url.replace(str(server.certificates.authority), str(strangers.authority))
    with pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
        RedisMessageQueue(url).check()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://localhost:6379", "must specify one of the following schemes"),
        ("redis://localhost:6379/jobs", "'/jobs' is no number of a database"),
        ("redis://localhost:port/1", "[Pp]ort could not be cast"),
        ("redis://localhost:6379/1?ssl_ca=x", "unexpected keyword argument 'ssl_ca'"),
    ],
)
def test_a_url_that_can_not_be_read_ends_the_start(url: str, reason: str) -> None:
    with pytest.raises(StartupError, match=f"TENDERLAKE_REDIS_URL can't be used: .*{reason}"):
        RedisMessageQueue(url).check()


def test_the_documented_rights_are_those_of_the_tests() -> None:
    assert RIGHTS in PAGE.read_text()


def test_a_user_without_rights_hears_so(server: TlsQueue) -> None:
    import redis

    with redis.Redis.from_url(server.server.url) as administrator:
        administrator.acl_setuser("guest", enabled=True, passwords=["+guest"], commands=["+ping"])
    url = server.url.replace("tenderlake:" + quote("p@ss/word", safe=""), "guest:guest")
    with pytest.raises(UnavailableError, match=r"Redis refuses: .*permissions"):
        RedisMessageQueue(url).claim("installation")

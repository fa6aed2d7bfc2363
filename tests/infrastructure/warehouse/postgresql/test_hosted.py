"""A PostgreSQL as hosts offer it: TLS only, a role that owns one schema alone, a pooler in transaction mode."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from domain.shared.errors import StartupError
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import upgrade
from script.certificates import Certificates, make_certificates
from script.pgbouncer import PgBouncer
from script.servers import PostgreSQL, postgresql_program
from services.maintenance.rebuild import rebuild_gold
from tests.database_server import need
from tests.services.marts.test_marts import PROCESSES
from tests.support import drain, gold, lake_over, lines, load, verified

PAGE = Path(__file__).resolve().parents[4] / "docs/postgresql.md"
ROLE, PASSWORD = "tenderlake", "a-password-of-your-own"


@dataclass(frozen=True)
class Hosted:
    """The server, its pooler, the authority of both and another one."""

    server: PostgreSQL
    pooler: PgBouncer
    certificates: Certificates
    strangers: Certificates

    def url(self, port: int, authority: Path, *, password: str = PASSWORD, host: str = "127.0.0.1") -> str:
        """The URL that a user sets."""
        checks = f"sslmode=verify-full&sslrootcert={authority}"
        return f"postgresql://{ROLE}:{password}@{host}:{port}/postgres?{checks}"


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    need(postgresql_program("initdb"), package="postgresql")
    need(shutil.which("pgbouncer"), package="pgbouncer")
    folder = tmp_path_factory.mktemp("certificates")
    certificates, strangers = make_certificates(folder / "own"), make_certificates(folder / "strangers")
    server = PostgreSQL(certificates)
    server.start()
    statements = re.search(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert statements is not None
    with psycopg.connect(server.socket_url, autocommit=True) as connection:
        connection.execute(statements[1].encode())
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # the default since PostgreSQL 15
    pooler = PgBouncer(f"postgresql://127.0.0.1:{server.port}", {ROLE: PASSWORD}, certificates=certificates)
    pooler.start()
    yield Hosted(server, pooler, certificates, strangers)
    pooler.remove()
    server.remove()


def test_an_installation_lives_in_its_own_schema(hosted: Hosted, tmp_path: Path) -> None:
    url = hosted.url(hosted.pooler.port, hosted.certificates.authority)
    upgrade(url)
    with lake_over(tmp_path / "home", SqlWarehouse(url)) as parts:
        load(parts, "a.jsonl", lines(PROCESSES))
        assert verified(parts, tmp_path / "home") == []
        before = gold(parts)
        assert rebuild_gold(parts) == len(PROCESSES)
        drain(parts)
        assert gold(parts) == before
        with parts.warehouse.read() as work:
            assert "fact_award" in work.catalog.tables()
    with psycopg.connect(hosted.server.socket_url) as connection:
        places = "SELECT DISTINCT relnamespace::regnamespace::text FROM pg_class WHERE relowner = %s::regrole"
        assert connection.execute(f"{places} AND relkind IN ('r', 'm', 'S')", [ROLE]).fetchall() == [(ROLE,)]
        rights = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = %s"
        assert connection.execute(rights, [ROLE]).fetchall() == [(False,) * 4]


def test_both_ends_are_encrypted(hosted: Hosted) -> None:
    for port in (hosted.server.port, hosted.pooler.port):
        warehouse = SqlWarehouse(hosted.url(port, hosted.certificates.authority))
        with warehouse.read() as work:
            encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert work.connection.exec_driver_sql(encrypted).scalar_one() is True
        warehouse.close()


@pytest.mark.parametrize("place", ["server", "pooler"])
def test_what_the_certificates_do_not_confirm_ends_the_start(hosted: Hosted, place: str) -> None:
    port = getattr(hosted, place).port
    with pytest.raises(StartupError, match="certificate verify failed"):
        upgrade(hosted.url(port, hosted.strangers.authority))
    with pytest.raises(StartupError, match=r'certificate for "127.0.0.1".* does not match host name "localhost"'):
        upgrade(hosted.url(port, hosted.certificates.authority, host="localhost"))
    with pytest.raises(StartupError, match=r"no encryption|SSL required"):
        upgrade(f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=disable")


@pytest.mark.parametrize("place", ["server", "pooler"])
def test_a_wrong_password_ends_the_start(hosted: Hosted, place: str) -> None:
    port = getattr(hosted, place).port
    with pytest.raises(StartupError, match=r"password authentication failed|SASL authentication failed"):
        upgrade(hosted.url(port, hosted.certificates.authority, password="wrong"))


def test_a_role_that_may_create_no_tables_ends_the_start(hosted: Hosted) -> None:
    with psycopg.connect(hosted.server.socket_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    port, checks = hosted.server.port, f"sslmode=verify-full&sslrootcert={hosted.certificates.authority}"
    with pytest.raises(StartupError, match="permission denied for schema public"):
        upgrade(f"postgresql://guest:guest@127.0.0.1:{port}/postgres?{checks}")

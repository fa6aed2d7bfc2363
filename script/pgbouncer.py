"""PgBouncer in transaction mode in front of a PostgreSQL, as hosted databases have it."""

import os
import shutil
from collections.abc import Sequence
from urllib.parse import urlsplit

from script.certificates import Certificates
from script.servers import Server

CONFIGURATION = """
[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
server_login_retry = 1
"""
TLS = """
client_tls_sslmode = require
client_tls_key_file = {folder}/server.key
client_tls_cert_file = {folder}/server.pem
server_tls_sslmode = require
"""


class PgBouncer(Server):
    """One PgBouncer with its defaults, but that it tries a server that was away after a second instead of 15."""

    name = "PgBouncer"

    def __init__(
        self, server_url: str, users: dict[str, str], connections: int = 4, certificates: Certificates | None = None
    ) -> None:
        """`users` are names and passwords; `connections` is the limit of those to the server, per user and database."""
        super().__init__()
        server = urlsplit(server_url)
        values = {
            "host": server.hostname,
            "server_port": server.port,
            "port": self.port,
            "folder": self.folder,
            "connections": connections,
        }
        text = CONFIGURATION + (TLS if certificates else "")
        (self.folder / "pgbouncer.ini").write_text(text.format(**values))
        (self.folder / "users").write_text("".join(f'"{name}" "{secret}"\n' for name, secret in users.items()))
        if certificates:
            shutil.copy(certificates.key, self.folder / "server.key")
            shutil.copy(certificates.certificate, self.folder / "server.pem")
        if os.geteuid() == 0:  # it refuses to run as root
            self.user = "nobody"
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, self.user)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """For TENDERLAKE_DATABASE_URL, without user and database."""
        return f"postgresql://{self.address}"

    def argv(self) -> Sequence[str]:
        """Its program is not on every user's PATH."""
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        return [program, str(self.folder / "pgbouncer.ini")]

    def answers(self) -> bool:
        """Whether it takes connections."""
        return self.listens()

"""Whether a URL leads to this installation's server: only that one may get the admin password of the data folder."""

import ipaddress
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from cli.up.greeting import reachable
from infrastructure.settings import Settings

PORTS = {"http": 80, "https": 443}


def is_own_server(url: str, settings: Settings) -> bool:
    """Whether the host is this machine, and the port is that of the settings or one that `tenderlake up` listens on."""
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port or PORTS.get(split.scheme, 0)
    except ValueError:
        return False
    if not host or not (host == reachable(settings.host) or _this_machine(host)):
        return False
    return port in (settings.port, *_listening(settings.data_dir))


def _this_machine(host: str) -> bool:
    try:
        named = {
            str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        }
    except (OSError, UnicodeError):
        return False
    own = {address.address.partition("%")[0] for addresses in psutil.net_if_addrs().values() for address in addresses}
    return bool(named) and all(address in own or ipaddress.ip_address(address).is_loopback for address in named)


def _listening(data: Path) -> set[int]:
    """Return the TCP ports on which the installation that runs on this data folder listens."""
    try:
        launcher = psutil.Process(int((data / "lock").read_text()))
        processes = [launcher, *launcher.children(recursive=True)]
        connections = [connection for process in processes for connection in process.net_connections("tcp")]
    except (OSError, ValueError, psutil.Error):
        return set()
    return {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}

"""Whether a URL leads to the server of this installation: only that one may be sent the admin's password of the data folder."""

import ipaddress
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from cli.up.greeting import reachable
from infrastructure.settings import Settings

PORTS = {"http": 80, "https": 443}


def is_own_server(url: str, settings: Settings) -> bool:
    """Whether an address of this machine is named, with the port of the settings, or one that `tenderlake up` of the data folder listens on."""
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
        named = {str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return False
    own = {address.address.partition("%")[0] for addresses in psutil.net_if_addrs().values() for address in addresses}
    return bool(named) and all(one in own or ipaddress.ip_address(one).is_loopback for one in named)


def _listening(data: Path) -> set[int]:
    """The ports that the processes of the running installation on this data folder listen on."""
    try:
        launcher = psutil.Process(int((data / "lock").read_text()))
        found = [launcher, *launcher.children(recursive=True)]
        connections = [one for process in found for one in process.net_connections("tcp")]
    except (OSError, ValueError, psutil.Error):
        return set()
    return {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}

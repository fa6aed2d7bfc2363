"""The addresses that webhooks may call."""

import ipaddress
from hashlib import blake2b
from urllib.parse import urlsplit

from domain.shared.errors import InvalidError

URL_MAX_CHARACTERS = 2_000  # characters of a URL
HOST_MAX_CHARACTERS = 260  # a DNS name has 253, a port 5


def check_webhook_url(url: str, *, private: bool) -> str:
    """The URL, if webhooks may call it as far as its text shows; else InvalidError.

    `private` allows internal addresses.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidError(f"the webhook's URL can't be read: {error}", webhook=url[:200]) from error
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or len(url) > URL_MAX_CHARACTERS
        or not url.isascii()
        or any(c <= " " for c in url)
    ):
        raise InvalidError(
            "a webhook is an http or https URL of at most 2,000 ASCII characters without blanks", webhook=url[:200]
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidError("a webhook's URL carries no user name or password; the signature proves who calls")
    if not private and (
        host == "localhost" or host.endswith(".localhost") or (is_address(host) and is_internal_address(host))
    ):
        raise InvalidError(
            f"{host} is an internal address; TENDERLAKE_WEBHOOK_PRIVATE=true would allow it", webhook=url[:200]
        )
    return url


def host_of(url: str) -> str:
    """Host and port of a URL that `check_url` accepted, normalised; at most HOST_MAX_CHARACTERS, cut at the start."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"[-HOST_MAX_CHARACTERS:]


def url_hash(url: str) -> int:
    """A 64-bit hash of the URL."""
    return int.from_bytes(blake2b(url.encode(), digest_size=8).digest(), signed=True)


def is_address(host: str) -> bool:
    """Whether a URL's host is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_internal_address(address: str) -> bool:
    """Whether an IP address is anything but a public one: loopback, private, link-local, multicast, or an IPv6 form of
    such an address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _inner(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    return not ip.is_global or ip.is_multicast or (inner is not None and is_internal_address(str(inner)))


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in ipaddress.ip_network("64:ff9b::/96"):  # NAT64
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)

"""Posts to other people's addresses, each within a deadline; never to internal ones, and never where a redirect points.

The name is resolved here, every address it has is looked at, and the connection goes to the one that was looked at: a name that resolves
otherwise a moment later changes nothing.
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from functools import cached_property
from urllib.parse import urlsplit

import httpx

from domain.errors import InvalidError, reason_of
from domain.webhooks import Answered, check_url, internal
from services.ports import Post

DEADLINE = 15.0  # seconds for all of an attempt, however slowly the receiver drips
GONE = 410  # the receiver wants nothing more of it


class WebHooks:
    """The port `Hooks` over httpx. `private` lets internal addresses through."""

    def __init__(self, *, private: bool, deadline: float = DEADLINE) -> None:
        self.private = private
        self.deadline = deadline

    def post(self, post: Post) -> Answered:
        """Send it; see services/ports.py `Hooks`."""
        return asyncio.run(self._post(post, self._tls))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once: it reads all certificates."""
        return httpx.create_ssl_context(trust_env=False)

    async def _post(self, post: Post, tls: ssl.SSLContext) -> Answered:
        try:
            # No proxies of the environment: they would resolve names for themselves.
            async with (
                asyncio.timeout(self.deadline),
                httpx.AsyncClient(verify=tls, trust_env=False, follow_redirects=False, timeout=self.deadline) as client,
            ):
                return await self._send(client, post)
        except TimeoutError:
            return Answered(error=f"no answer within {self.deadline:g} s")
        except InvalidError as error:
            return Answered(error=error.detail, final=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return Answered(error=f"{type(error).__name__}: {reason_of(error, 500)}")

    async def _send(self, client: httpx.AsyncClient, post: Post) -> Answered:
        check_url(post.url, private=self.private)
        url = httpx.URL(post.url)
        *others, last = await self._addresses(url.host, url.port or (443 if url.scheme == "https" else 80))
        for address in others:
            with suppress(httpx.ConnectError):
                return await self._at(client, post, url, address)
        return await self._at(client, post, url, last)

    async def _at(self, client: httpx.AsyncClient, post: Post, url: httpx.URL, address: str) -> Answered:
        headers = {**post.headers, "Host": urlsplit(post.url).netloc}
        request = client.build_request("POST", url.copy_with(host=address), content=post.body, headers=headers, extensions={"sni_hostname": url.host})
        response = await client.send(request, stream=True)
        await response.aclose()  # what it says beside the status is nothing to us, however long
        if response.is_success:
            return Answered(status=response.status_code)
        where = " (redirects are not followed)" if response.is_redirect else ""
        return Answered(status=response.status_code, error=f"answered {response.status_code}{where}", final=response.status_code == GONE)

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to, one after the other. InvalidError where any address of the name is internal, OSError where it has none."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        inside = [] if self.private else [address for address in addresses if internal(address)]
        if inside:
            raise InvalidError(f"{host} is at the internal address {inside[0]}; TENDERLAKE_WEBHOOK_PRIVATE=true would allow it")
        return list(dict.fromkeys(addresses))

"""Posts to webhook URLs with a deadline, without following redirects; never to internal addresses unless allowed.

Resolves the host name itself, checks every address, and connects to a checked one: a different resolution later (DNS
rebinding) has no effect.
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from functools import cached_property
from urllib.parse import urlsplit

import httpx

from domain.shared.errors import InvalidError, reason_of
from domain.webhooks.addresses import check_webhook_url, is_internal_address
from domain.webhooks.deliveries import DeliveryResult
from services.ports.webhooks import WebhookRequest

ATTEMPT_MAX_SECONDS = 15.0  # for a whole attempt, even if the receiver responds slowly
GONE_STATUS = 410  # the receiver wants no more messages


class HttpWebhookSender:
    """The port `WebhookSender` over httpx. `private` permits internal addresses."""

    def __init__(self, *, private: bool, deadline: float = ATTEMPT_MAX_SECONDS) -> None:
        self.private = private
        self.deadline = deadline

    def post(self, post: WebhookRequest) -> DeliveryResult:
        """Send one request; see the port `WebhookSender`."""
        return asyncio.run(self._post(post, self._tls))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Created once, since it loads all CA certificates."""
        return httpx.create_ssl_context(trust_env=False)

    async def _post(self, post: WebhookRequest, tls: ssl.SSLContext) -> DeliveryResult:
        try:
            # No proxies from the environment: they would resolve the name themselves.
            async with (
                asyncio.timeout(self.deadline),
                httpx.AsyncClient(verify=tls, trust_env=False, follow_redirects=False, timeout=self.deadline) as client,
            ):
                return await self._send(client, post)
        except TimeoutError:
            return DeliveryResult(error=f"no answer within {self.deadline:g} s")
        except InvalidError as error:
            return DeliveryResult(error=error.detail, final=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return DeliveryResult(error=f"{type(error).__name__}: {reason_of(error, 500)}")

    async def _send(self, client: httpx.AsyncClient, post: WebhookRequest) -> DeliveryResult:
        check_webhook_url(post.url, private=self.private)
        url = httpx.URL(post.url)
        *others, last = await self._addresses(url.host, url.port or (443 if url.scheme == "https" else 80))
        for address in others:
            with suppress(httpx.ConnectError):
                return await self._at(client, post, url, address)
        return await self._at(client, post, url, last)

    async def _at(
        self, client: httpx.AsyncClient, post: WebhookRequest, url: httpx.URL, address: str
    ) -> DeliveryResult:
        headers = {**post.headers, "Host": urlsplit(post.url).netloc}
        request = client.build_request(
            "POST",
            url.copy_with(host=address),
            content=post.body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        )
        response = await client.send(request, stream=True)
        await response.aclose()  # the body is ignored, whatever its length
        if response.is_success:
            return DeliveryResult(status=response.status_code)
        where = " (redirects are not followed)" if response.is_redirect else ""
        return DeliveryResult(
            status=response.status_code,
            error=f"answered {response.status_code}{where}",
            final=response.status_code == GONE_STATUS,
        )

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses to try in order.

        InvalidError if any address of the name is internal; OSError if it has none.
        """
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        inside = [] if self.private else [address for address in addresses if is_internal_address(address)]
        if inside:
            raise InvalidError(
                f"{host} has the internal address {inside[0]}; TENDERLAKE_WEBHOOK_PRIVATE=true permits it",
            )
        return list(dict.fromkeys(addresses))

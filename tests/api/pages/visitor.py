"""A visitor without JavaScript: follows links and sends forms as a browser would, cookies included."""

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from httpx import AsyncClient, Response

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_LINK = re.compile(r'<a[^>]*href="([^"]+)"')


@dataclass
class Visitor:
    """``page`` is the newest answer."""

    http: AsyncClient
    page: Response | None = None

    async def open(self, address: str, **query: Any) -> Response:
        """Follow an address, and every redirect after it."""
        answer = await self.http.get(address, params=query or None, headers={"Accept": "text/html"})
        return await self._follow(answer)

    async def send(self, address: str, **typed: str) -> Response:
        """Send the form of the newest page with its hidden fields."""
        assert self.page is not None
        fields = [(name, html.unescape(value)) for name, value in _HIDDEN.findall(self.page.text)]
        pairs = [pair for pair in fields if pair[0] not in typed] + list(typed.items())
        answer = await self.http.post(
            address,
            content=urlencode(pairs),
            headers={"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"},
        )
        return await self._follow(answer)

    async def send_on(self, address: str, **typed: str) -> Response:
        """Open a page and send its form, which has the same address."""
        await self.open(address)
        return await self.send(address, **typed)

    async def _follow(self, answer: Response) -> Response:
        while answer.is_redirect:
            target = str(answer.next_request.url.raw_path.decode()) if answer.next_request else ""
            answer = await self.http.get(target, headers={"Accept": "text/html"})
        self.page = answer
        return answer

    def links(self, part: str) -> list[str]:
        """The addresses of links that contain ``part``."""
        assert self.page is not None
        return [html.unescape(one) for one in _LINK.findall(self.page.text) if part in html.unescape(one)]

    def heading(self) -> str:
        """The text of the page's first heading."""
        assert self.page is not None
        [first, *_] = re.findall(r"<h1>(.*?)</h1>", self.page.text, re.DOTALL)
        return html.unescape(first)

    def alert(self) -> str:
        """What the page says went wrong; empty if nothing."""
        assert self.page is not None
        found = re.findall(r'role="alert">(.*?)</p>', self.page.text, re.DOTALL)
        return html.unescape(found[0]) if found else ""

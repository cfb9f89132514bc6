"""A customer with a browser, as far as HTTP goes: pages with their forms and cookies, and the API in the same session."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2

TIMEOUT_S = 30.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"')


class PageError(Exception):
    """A page or an API call answered something else than was needed; the text says what."""


class Browser:
    """Keeps cookies. `url` is the portal's root; with an API key it needs no login for the API."""

    def __init__(self, url: str, *, api_token: str = "") -> None:
        self.url = url
        headers = {"Authorization": f"Token {api_token}"} if api_token else {}
        self._http = httpx2.Client(
            base_url=url, timeout=TIMEOUT_S, follow_redirects=True, trust_env=False, headers=headers
        )

    def close(self) -> None:
        self._http.close()

    def open(self, address: str) -> str:
        """The page's HTML. Raises PageError unless it is a 200."""
        answer = self._http.get(urljoin(self.url, address))
        if answer.status_code != 200:
            raise PageError(f"GET {answer.url.path}: {answer.status_code}")
        self._page = str(answer.url)
        return answer.text

    def submit(self, address: str, fields: dict[str, str]) -> str:
        """Open the page, fill its form and send it; the address that was reached at the end."""
        html = self.open(address)
        token = _TOKEN.search(html)
        if token is None:
            raise PageError(f"{address}: formulário sem proteção CSRF")
        data = {"csrfmiddlewaretoken": unescape(token.group(1)), **fields}
        answer = self._http.post(self._page, data=data, headers={"Referer": self._page})
        if answer.status_code != 200:
            raise PageError(f"POST {address}: {answer.status_code}")
        return str(answer.url)

    def get(self, path: str) -> Any:
        """The JSON of an API address."""
        return self._json("GET", path, self._http.get(f"/api/{path}"))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON that an API call answered."""
        return self._json("POST", path, self._http.post(f"/api/{path}", json=body or {}, headers=self._headers()))

    def upload(self, path: str, file: Path, fields: dict[str, str]) -> Any:
        """The JSON that an upload answered."""
        with file.open("rb") as content:
            files = {"file": (file.name, content)}
            answer = self._http.post(f"/api/{path}", data=fields, files=files, headers=self._headers())
        return self._json("POST", path, answer)

    def pages(self, path: str) -> list[dict[str, Any]]:
        """All results of a paged API list."""
        found: list[dict[str, Any]] = []
        page: Any = self.get(f"{path}{'&' if '?' in path else '?'}page_size=200")
        while True:
            found += page["results"]
            if not page["next"]:
                return found
            page = self._json("GET", path, self._http.get(page["next"]))

    def _headers(self) -> dict[str, str]:
        return {"X-CSRFToken": self._http.cookies.get("csrftoken") or "", "Referer": self.url}

    @staticmethod
    def _json(method: str, path: str, answer: httpx2.Response) -> Any:
        if answer.status_code >= 400:
            raise PageError(f"{method} /api/{path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

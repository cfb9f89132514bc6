"""What a provider's stand-in gives to the server that composes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

CONTROL = "/__sandbox__"


@dataclass(frozen=True)
class Panel:
    """One section of the sandbox's page; `html` is already escaped."""

    anchor: str
    title: str
    html: str


class Provider(Protocol):
    """One provider: its wire routes stand under `/{name}`, its switches under `CONTROL`, never the other way round."""

    name: str

    def routes(self) -> Iterable[web.RouteDef]:
        """Wire and control routes, with absolute paths."""

    def state(self) -> dict[str, object]:
        """What `GET /__sandbox__/state` shows of it: JSON values."""

    def reset(self) -> None:
        """Back to how it was when the server started."""

    def panels(self, *, url: str) -> list[Panel]:
        """Its sections of the page, in order; `url` is where this server listens, without a final slash."""

    async def close(self) -> None:
        """Stop what still runs in the background."""

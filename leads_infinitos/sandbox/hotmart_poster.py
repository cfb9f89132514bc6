"""The control route that posts Hotmart's events, and what it posted."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from leads_infinitos.sandbox.hotmart import SHORTCUTS, UnknownTemplate, build_event, override
from leads_infinitos.sandbox.page.hotmart_panel import hotmart_panel
from leads_infinitos.sandbox.provider import CONTROL, Panel
from leads_infinitos.sandbox.wire import BadField, answer, fields_of, guarded, int_field, text_field

# The portal that runs beside the sandbox says where it is.
DEFAULT_URL = f"{os.environ.get('PUBLIC_URL', 'http://127.0.0.1:8000').rstrip('/')}/webhooks/hotmart/"
DEFAULT_HOTTOK = "sandbox-hottok"
DEFAULT_TEMPLATE = "PURCHASE_APPROVED"
TIMEOUT_S = 10.0
KEPT = 30
_NUMBERS = frozenset({"plan_id", "product_id", "recurrence_number", "months"})


@dataclass(frozen=True)
class Posted:
    n: int
    wall: float  # seconds since the epoch
    url: str
    hottok: str
    event: Mapping[str, Any]
    status: int | None  # None: no answer
    body: str  # of the answer, its beginning

    def as_json(self) -> dict[str, object]:
        return {"n": self.n, "wall": self.wall, "url": self.url, "event": self.event, "status": self.status}


class HotmartPoster:
    """Composed like a provider, but it only calls: there is no wire of Hotmart's to answer."""

    name = "hotmart"

    def __init__(self) -> None:
        self._posted: deque[Posted] = deque(maxlen=KEPT)
        self._count = 0

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.post(f"{CONTROL}/hotmart", guarded(self.post_event))

    def state(self) -> dict[str, object]:
        return {"posted": [posted.as_json() for posted in self._posted]}

    def reset(self) -> None:
        self._posted.clear()

    def panels(self, *, url: str) -> list[Panel]:
        return [hotmart_panel(self._posted, url=DEFAULT_URL, hottok=DEFAULT_HOTTOK, template=DEFAULT_TEMPLATE)]

    async def close(self) -> None:
        return None

    async def post_event(self, request: web.Request) -> web.StreamResponse:
        """Post one event: `url`, `hottok`, and a `template` with `overrides`, a whole `payload`, or `repeat` of an `n`.

        The shortcuts may stand beside the other fields too, as the page's form sends them.
        """
        fields = await fields_of(request)
        again = int_field(fields, "repeat")
        if again is not None:
            before = next((posted for posted in self._posted if posted.n == again), None)
            if before is None:
                raise BadField("repeat names no posted event")
            posted = await self._post(before.url, before.hottok, before.event)
        else:
            url = text_field(fields, "url") or DEFAULT_URL
            if not url.startswith(("http://", "https://")):
                raise BadField("url must be http or https")
            posted = await self._post(url, text_field(fields, "hottok") or DEFAULT_HOTTOK, _event(fields))
        return answer(request, {**posted.as_json(), "body": posted.body}, anchor="hotmart")

    async def _post(self, url: str, hottok: str, event: Mapping[str, Any]) -> Posted:
        status, body = None, ""
        content = json.dumps(event, ensure_ascii=False).encode()
        headers = {"X-HOTMART-HOTTOK": hottok, "Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=content, headers=headers, allow_redirects=False) as reply,
            ):
                status = reply.status
                body = (await reply.content.read(2000)).decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            body = type(error).__name__
        self._count += 1
        posted = Posted(self._count, time.time(), url, hottok, event, status, body)
        self._posted.append(posted)
        return posted


def _event(fields: Mapping[str, object]) -> Mapping[str, Any]:
    overrides = fields.get("overrides") or {}
    if not isinstance(overrides, dict):
        raise BadField("overrides must be an object")
    beside = {name: fields[name] for name in (*SHORTCUTS, "id", "months") if fields.get(name) not in (None, "")}
    wanted = {name: _typed(name, value) for name, value in {**beside, **overrides}.items()}
    payload = fields.get("payload")
    try:
        if isinstance(payload, dict):
            for name, value in wanted.items():
                override(payload, name, value)
            return payload
        template = text_field(fields, "template") or DEFAULT_TEMPLATE
        return build_event(template, wanted, now=dt.datetime.now(dt.UTC))
    except UnknownTemplate as error:
        raise BadField(f"no template {error}") from error
    except ValueError as error:
        raise BadField(str(error)) from error


def _typed(name: str, value: object) -> object:
    """A form has text only; the wire's ids are numbers."""
    return int(value) if name in _NUMBERS and isinstance(value, str) and value.isdecimal() else value

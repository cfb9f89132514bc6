"""Carries sends: one helper thread per process holds the event loop and one keep-alive session (the ORM stays outside).

Nothing is retried here. A POST that may have left is reported as unknown, never repeated.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from campaigns.gateways.base import (
    SILENCE_OUTCOMES,
    Answer,
    GatewayConfig,
    NumberCheck,
    OutcomeClass,
    Request,
    SendOutcome,
    Silence,
)
from campaigns.gateways.registry import gateway_for
from leads_infinitos.kernel.http import MAX_ANSWER_BYTES

CONNECT_TIMEOUT_S = 10.0
KEEPALIVE_S = 4.0  # below the gateway's: Node closes at 5 s, and a post that meets the close is lost


def boottime() -> float:
    """Seconds since boot, also while suspended: a host's wall clock may jump, this never does."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Send:
    """One claimed message on its way. `wa_id` is the resolved id, else `candidates` are checked in order, two at most."""

    ref: str  # the claim token
    config: GatewayConfig
    wa_id: str
    candidates: tuple[str, ...] = field(repr=False)
    body: str = field(repr=False)
    start_by: float  # boottime after which the send must not start
    timeout_s: float  # of each call, connecting included


@dataclass(frozen=True, slots=True)
class Sent:
    """How a send ended, and when on the boot clock."""

    ref: str
    outcome: SendOutcome
    wa_id: str
    checked: bool  # the id was resolved just now
    started: float
    answered: float


class Wire:
    """The helper thread. `submit` returns at once; `done` is called from the helper thread with the result."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), name="wire", daemon=True).start()
        ready.wait()

    def submit(self, send: Send, done: Callable[[Sent], None]) -> None:
        """Start the send on the helper thread."""
        asyncio.run_coroutine_threadsafe(self._deliver(send, done), self._loop)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(ready.set)
        self._loop.run_forever()

    async def _deliver(self, send: Send, done: Callable[[Sent], None]) -> None:
        started = boottime()
        try:
            outcome, wa_id, checked = await self._resolve_and_send(send)
        except Exception as error:  # noqa: BLE001 - the outer edge: whatever breaks here, the message may have left
            outcome = SendOutcome(OutcomeClass.UNKNOWN, "wire_error", answer=type(error).__name__)
            wa_id, checked = send.wa_id, False
        done(Sent(send.ref, outcome, wa_id, checked, started, boottime()))

    async def _resolve_and_send(self, send: Send) -> tuple[SendOutcome, str, bool]:
        wa_id, checked = send.wa_id, False
        if not wa_id:
            check = await self._resolve(send)
            if check.problem is not None:
                return check.problem, "", False
            if check.wa_id is None:
                return SendOutcome(OutcomeClass.REFUSED_NUMBER, "not_on_whatsapp"), "", False
            wa_id, checked = check.wa_id, True
        if boottime() > send.start_by:
            return SILENCE_OUTCOMES[Silence.NOT_STARTED], wa_id, checked
        gateway = gateway_for(send.config.gateway)
        answer = await self._call(gateway.text(send.config, wa_id=wa_id, body=send.body), timeout_s=send.timeout_s)
        if isinstance(answer, Silence):
            return SILENCE_OUTCOMES[answer], wa_id, checked
        return gateway.read_text(send.config, answer), wa_id, checked

    async def _resolve(self, send: Send) -> NumberCheck:
        """The id that WhatsApp knows, trying at most two spellings within the start budget."""
        gateway, check = gateway_for(send.config.gateway), NumberCheck()
        for candidate in send.candidates[:2]:
            left = min(send.start_by - boottime(), send.timeout_s)
            if left <= 0:
                return NumberCheck(problem=SILENCE_OUTCOMES[Silence.NOT_STARTED])
            answer = await self._call(gateway.number_check(send.config, wa_id=candidate), timeout_s=left)
            if isinstance(answer, Silence):
                # Only the check is lost; the message never left.
                return NumberCheck(problem=SendOutcome(OutcomeClass.NOT_SENT, f"check_{answer.value}"))
            check = gateway.read_number_check(send.config, answer, asked=candidate)
            if check.problem is not None or check.wa_id is not None:
                return check
        return check

    async def _call(self, request: Request, *, timeout_s: float) -> Answer | Silence:
        session = self._session or self._open_session()
        # A connection that is not there in time carried nothing; with the total alone this would be a timeout, in doubt.
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s / 2))
        try:
            async with session.request(
                request.method,
                request.url,
                headers=request.headers,
                json=request.json,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                raw = bytearray()
                async for part in response.content.iter_any():
                    raw += part
                    if len(raw) > MAX_ANSWER_BYTES:
                        break
                return Answer.read(response.status, raw, response.headers.get("Retry-After"))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Silence.NOT_CONNECTED
        except TimeoutError:
            return Silence.TIMEOUT
        except (aiohttp.ClientError, OSError):
            return Silence.CONNECTION_LOST

    def _open_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S, ttl_dns_cache=60)
        self._session = aiohttp.ClientSession(
            connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=True
        )
        return self._session


_wire: Wire | None = None
_lock = threading.Lock()


def wire() -> Wire:
    """This process's wire; made anew after a fork."""
    global _wire
    with _lock:
        if _wire is None or _wire.pid != os.getpid():
            _wire = Wire()
        return _wire

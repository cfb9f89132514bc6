"""Talks to a sandbox's control surface: for tests, proofs, benchmarks and the demo."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from leads_infinitos.sandbox.accept_log import AcceptedLine
from leads_infinitos.sandbox.provider import CONTROL

T = TypeVar("T")

TIMEOUT_S = 15.0  # more than the sandbox itself waits for a webhook's answer
POLL_S = 0.01


class SandboxError(Exception):
    """The control surface refused; the text says why."""


@dataclass(frozen=True)
class Accepted:
    """One message that WhatsApp took."""

    n: int
    wall: float  # seconds since the epoch
    provider: str
    instance: str
    to: str  # digits as the client wrote them
    phone: str  # the person: E.164 digits with the ninth digit
    id: str
    kind: str
    text: str


@dataclass(frozen=True)
class ReceivedMail:
    n: int
    wall: float
    sender: str
    to: list[str]
    subject: str
    text: str
    html: str
    links: list[str]


@dataclass(frozen=True)
class MegaInstance:
    """What a customer copies from the vendor's panel."""

    host: str
    key: str
    token: str


class SandboxClient:
    """`url` is the server's root, without a slash at the end."""

    def __init__(self, url: str, *, smtp_port: int = 0) -> None:
        self.url = url.rstrip("/")
        self.smtp_port = smtp_port

    @property
    def mega_url(self) -> str:
        """The host of a Mega API connection."""
        return f"{self.url}/mega"

    def accepted(self, *, after: int = 0) -> list[Accepted]:
        """What WhatsApp took, in order, from `n` = `after` + 1 on."""
        lines: Iterable[AcceptedLine] = map(json.loads, self._read(f"/accept-log?after={after}").splitlines())
        return [Accepted(**line) for line in lines]

    def wait_for_accepted(self, count: int, *, timeout_s: float = 10.0) -> list[Accepted]:
        """The log once it holds at least `count` lines. Raises TimeoutError."""
        return self._until(self.accepted, lambda lines: len(lines) >= count, timeout_s, f"{count} accepted messages")

    def mails(self, *, to: str | None = None) -> list[ReceivedMail]:
        """Received mails, newest first."""
        query = "" if to is None else f"?to={quote(to)}"
        return [ReceivedMail(**mail) for mail in json.loads(self._read(f"/mails{query}"))]

    def wait_for_mail(self, *, to: str, timeout_s: float = 10.0) -> ReceivedMail:
        """The newest mail to that address, once there is one. Raises TimeoutError."""
        return self._until(lambda: self.mails(to=to), lambda mails: len(mails) > 0, timeout_s, "a mail")[0]

    def state(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self._read("/state"))
        return value

    def instance_state(self, key: str) -> dict[str, Any]:
        """One Mega instance as `state` shows it. Raises KeyError."""
        for instance in self.state()["providers"]["mega"]["instances"]:
            if instance["key"] == key:
                found: dict[str, Any] = instance
                return found
        raise KeyError(key)

    def add_instance(self, key: str | None = None, **fields: object) -> MegaInstance:
        """Make or change an instance. Fields: token, phone, name, status (connected, connecting, disconnected),
        close_reason, webhook_url, webhook_enabled, acks (list), ack_delay_ms, acks_swapped, acks_duplicated,
        acks_before_answer, echo."""
        made = self.post("/instances", {"key": key, **fields})
        return MegaInstance(host=self.mega_url, key=made["key"], token=made["token"])

    def remove_instance(self, key: str) -> None:
        """The key becomes unknown. Raises SandboxError when it already was."""
        self._open(urllib.request.Request(f"{self.url}{CONTROL}/instances/{quote(key)}", method="DELETE"))  # noqa: S310

    def set_faults(self, instance: str | None = None, **plan: object) -> None:
        """Replace the fault plan of one instance, or of all. Fields: fault, calls (list), times, every, latency_ms,
        retry_after_s, hang_s, unknown_as_200. Without fields everything works again."""
        self.post("/faults", {"instance": instance, **plan})

    def incoming(self, *, instance: str, sender: str, text: str, name: str = "Cliente", lid: str = "") -> int | None:
        """Somebody writes to the instance; the HTTP status its webhook answered, or None."""
        body: dict[str, object] = {"instance": instance, "from": sender, "text": text, "name": name, "lid": lid}
        status: int | None = self.post("/incoming", body)["webhook_status"]
        return status

    def post_hotmart(
        self,
        *,
        url: str,
        hottok: str,
        template: str = "PURCHASE_APPROVED",
        overrides: Mapping[str, object] | None = None,
        payload: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Post one Hotmart event, made from a template or given whole: `status` (None: no answer), `body`, `event`."""
        fields: dict[str, object] = {"url": url, "hottok": hottok, "overrides": dict(overrides or {})}
        fields |= {"template": template} if payload is None else {"payload": dict(payload)}
        posted: dict[str, Any] = self.post("/hotmart", fields)
        return posted

    def refuse_mails(self, kind: str | None, *, times: int | None = None) -> None:
        """`temporary` or `permanent` refusals of the next mails; None takes them again."""
        self.post("/mails/faults", {"refuse": kind, "times": times})

    def reset(self) -> None:
        self.post("/reset", {})

    def post(self, path: str, body: dict[str, object]) -> Any:
        """One control call. Raises SandboxError when refused."""
        request = urllib.request.Request(  # noqa: S310 (the URL is the sandbox's own)
            f"{self.url}{CONTROL}{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        return json.loads(self._open(request))

    def _read(self, path: str) -> bytes:
        return self._open(urllib.request.Request(f"{self.url}{CONTROL}{path}"))  # noqa: S310

    def _open(self, request: urllib.request.Request) -> bytes:
        try:
            with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxError(f"{error.code}: {error.read().decode(errors='replace')}") from error

    def _until(
        self, read: Callable[[], list[T]], done: Callable[[list[T]], bool], timeout_s: float, what: str
    ) -> list[T]:
        deadline = time.monotonic() + timeout_s
        while not done(value := read()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not arrive in {timeout_s:g} s")
            time.sleep(POLL_S)
        return value


# Loopback only: a proxy of the environment has no business here.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

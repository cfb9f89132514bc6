"""The port to a WhatsApp gateway: pure translation between our values and a vendor's HTTP. A transport carries the requests.

A refusal is a value; doubt is a value too (`unknown`). Only a listed status and text prove that nothing was sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from campaigns.gateways.events import Event
from leads_infinitos.kernel.http import MAX_ANSWER_BYTES


class OutcomeClass(StrEnum):
    """What one send call came to; every answer falls into exactly one."""

    ACCEPTED = "accepted"
    REFUSED_NUMBER = "refused_number"  # final
    REFUSED_MESSAGE = "refused_message"  # final
    REFUSED_LANE = "refused_lane"  # the message goes back, the lane rests
    NOT_SENT = "not_sent"  # proved: it never left; retried with its gap
    UNKNOWN = "unknown"  # it may have left; never resent by itself


PROVES_NOTHING_SENT = frozenset(
    {
        OutcomeClass.REFUSED_NUMBER,
        OutcomeClass.REFUSED_MESSAGE,
        OutcomeClass.REFUSED_LANE,
        OutcomeClass.NOT_SENT,
    }
)


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """How to reach one instance. `base_url` has no final slash; both secrets stay out of logs and pages."""

    gateway: str
    base_url: str
    instance_key: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP call: a transport adds nothing but the timeout, follows no redirect and never repeats a POST."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the text (cut), and the two headers that matter."""

    status: int
    text: str
    retry_after: str = ""

    @classmethod
    def read(cls, status: int, raw: bytes | bytearray, retry_after: str | None) -> Answer:
        """From the wire: at most MAX_ANSWER_BYTES, and only characters that a database takes."""
        text = raw[:MAX_ANSWER_BYTES].decode("utf-8", errors="replace").replace("\x00", "")
        return cls(status, text, retry_after or "")

    def body(self) -> Any:
        """The JSON value, the first element of a list; None when the text is not JSON."""
        try:
            value = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        return value[0] if isinstance(value, list) and value else value


class Silence(StrEnum):
    """Why there is no answer."""

    NOT_CONNECTED = "not_connected"  # refused, DNS, TLS: before the body went out
    NOT_STARTED = "not_started"  # our own start budget ran out
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The class of one send call, our code for the reason, and what to keep of the answer (redacted)."""

    outcome: OutcomeClass
    code: str = ""
    message_id: str = ""
    http_status: int | None = None
    answer: str = ""
    retry_after_s: float | None = None


SILENCE_OUTCOMES: dict[Silence, SendOutcome] = {
    Silence.NOT_CONNECTED: SendOutcome(OutcomeClass.NOT_SENT, "not_connected"),
    Silence.NOT_STARTED: SendOutcome(OutcomeClass.NOT_SENT, "not_started"),
    Silence.TIMEOUT: SendOutcome(OutcomeClass.UNKNOWN, "timeout"),
    Silence.CONNECTION_LOST: SendOutcome(OutcomeClass.UNKNOWN, "connection_lost"),
}


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """Whether a number is on WhatsApp: its id, or None where it is not; `problem` when the gateway gave no verdict."""

    wa_id: str | None = None
    problem: SendOutcome | None = None


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """State of the linked number: connected, connecting, disconnected or unknown (no verdict), with our code for why."""

    state: str
    phone: str | None = None  # E.164 of the linked number, where the gateway tells
    code: str = ""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code as a PNG data URL, or None with a code: `not_ready`, `already_connected`, `unavailable`."""

    image: str | None
    code: str = ""


class Gateway(Protocol):
    """A vendor's wire contract as pure functions. `vendor_domains` are the hosts a customer may name freely."""

    vendor_domains: tuple[str, ...]

    def text(self, config: GatewayConfig, *, wa_id: str, body: str) -> Request: ...

    def read_text(self, config: GatewayConfig, answer: Answer) -> SendOutcome: ...

    def number_check(self, config: GatewayConfig, *, wa_id: str) -> Request: ...

    def read_number_check(self, config: GatewayConfig, answer: Answer, *, asked: str) -> NumberCheck: ...

    def status(self, config: GatewayConfig) -> Request: ...

    def read_status(self, config: GatewayConfig, answer: Answer) -> InstanceStatus: ...

    def qr_code(self, config: GatewayConfig) -> Request: ...

    def read_qr_code(self, config: GatewayConfig, answer: Answer) -> QrCode: ...

    def webhook(self, config: GatewayConfig, *, url: str) -> Request: ...

    def read_webhook(self, config: GatewayConfig, answer: Answer) -> bool: ...

    def instance_key_of(self, body: Mapping[str, Any]) -> str: ...

    def unwrap(self, body: Mapping[str, Any]) -> list[dict[str, Any]]: ...

    def read_event(self, payload: Mapping[str, Any]) -> Event: ...

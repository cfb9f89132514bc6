"""Mega API: requests and readings of its four failure shapes. One status code has three meanings, so text decides.

Source: the vendor's OpenAPI 6.1 and PHP class, and what public clients observed; tests/fixtures/megaapi holds each shape.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from campaigns.gateways import megaapi_events
from campaigns.gateways.base import (
    Answer,
    GatewayConfig,
    InstanceStatus,
    NumberCheck,
    OutcomeClass,
    QrCode,
    Request,
    SendOutcome,
)
from campaigns.gateways.events import Event
from leads_infinitos.kernel import http, phone

Refusal = tuple[OutcomeClass, str]

# An answer that speaks of one of these, anywhere, says nothing about whether the message left, whatever its status.
DOUBT = ("timeout", "timed out", "timedout", "socket", "closed", "connection lost", "econnreset", "epipe")

# (status, text that must be in the message) -> what it proves. 200 is the `error: true` form of the same answers.
REFUSALS: tuple[tuple[frozenset[int], str, Refusal], ...] = (
    (frozenset({200, 404}), "instance not found", (OutcomeClass.REFUSED_LANE, "instance_missing")),
    (frozenset({200, 401, 403}), "not logged in", (OutcomeClass.REFUSED_LANE, "disconnected")),
    (frozenset({200, 403}), "invalid instance_key", (OutcomeClass.REFUSED_LANE, "auth")),
    (frozenset({401}), "unauthorized", (OutcomeClass.REFUSED_LANE, "auth")),
    (frozenset({200, 403}), "number not registered", (OutcomeClass.REFUSED_NUMBER, "not_on_whatsapp")),
    (frozenset({200, 403}), "user not registered", (OutcomeClass.REFUSED_NUMBER, "not_on_whatsapp")),
    (frozenset({200, 403}), "unable to download file", (OutcomeClass.REFUSED_MESSAGE, "media_unreachable")),
)
DEFAULT_RETRY_AFTER_S = 60.0
_ID = re.compile(r"[!-~]{1,80}")
_JID = re.compile(r"(?P<user>[0-9]{8,20})(?::[0-9]+)?(?:@(?:s\.whatsapp\.net|c\.us))?")
_IMAGE = re.compile(r"(?P<kind>data:image/(?:png|jpeg|webp);base64,)?(?P<base64>[A-Za-z0-9+/=\s]{20,})")
_ID_PATHS = (("messageData", "key", "id"), ("key", "id"), ("data", "key", "id"), ("messageId",), ("id",))


class MegaApi:
    """The adapter; it holds no state."""

    vendor_domains: tuple[str, ...] = ("megaapi.com.br",)

    def text(self, config: GatewayConfig, *, wa_id: str, body: str) -> Request:
        """POST of one text. `linkPreview` off: a preview makes the server fetch the link before it answers."""
        data = {"messageData": {"to": f"{wa_id}@s.whatsapp.net", "text": body, "linkPreview": False}}
        return self._request(config, "POST", f"sendMessage/{_key(config)}/text", data)

    def read_text(self, config: GatewayConfig, answer: Answer) -> SendOutcome:
        """The class of the answer to a text: accepted only with a message id; unlisted refusals are unknown."""
        body = answer.body()
        kept = http.redact(answer.text, secrets=(config.token, config.instance_key))

        def outcome(
            kind: OutcomeClass, code: str, message_id: str = "", retry_after_s: float | None = None
        ) -> SendOutcome:
            return SendOutcome(kind, code, message_id, answer.status, kept, retry_after_s)

        if answer.status == 200 and isinstance(body, dict) and not body.get("error"):
            message_id = _message_id(body)
            return (
                outcome(OutcomeClass.ACCEPTED, "", message_id) if message_id else outcome(OutcomeClass.UNKNOWN, "no_id")
            )
        if answer.status == 429:
            return outcome(OutcomeClass.REFUSED_LANE, "rate_limited", "", _retry_after_s(answer.retry_after))
        return outcome(*_refusal(answer))

    def number_check(self, config: GatewayConfig, *, wa_id: str) -> Request:
        """GET that asks WhatsApp's servers whether the id exists."""
        jid = quote(f"{wa_id}@s.whatsapp.net", safe="")
        return self._request(config, "GET", f"instance/isOnWhatsApp/{_key(config)}?jid={jid}")

    def read_number_check(self, config: GatewayConfig, answer: Answer, *, asked: str) -> NumberCheck:
        """The canonical id, or the one `asked` for where the answer names no phone (a LID); None when a 200 does not say
        `exists: true`; every other answer is no verdict on the number.
        """
        body = answer.body()
        # Empty or null is what a lookup without a hit looks like; any other text that is no JSON is somebody else's page.
        readable = body is not None or answer.text.strip() in ("", "null")
        if answer.status == 200 and readable and not (isinstance(body, dict) and body.get("error")):
            if isinstance(body, dict) and body.get("exists") is True and body.get("jid"):
                known = _JID.fullmatch(str(body["jid"]))
                return NumberCheck(wa_id=known["user"] if known else asked)
            return NumberCheck()
        problem = self.read_text(config, answer)
        if problem.outcome is OutcomeClass.REFUSED_LANE:
            return NumberCheck(problem=problem)
        # Nothing was sent: only the check failed.
        return NumberCheck(
            problem=SendOutcome(OutcomeClass.NOT_SENT, "check_failed", "", answer.status, problem.answer)
        )

    def status(self, config: GatewayConfig) -> Request:
        return self._request(config, "GET", f"instance/{_key(config)}")

    def read_status(self, config: GatewayConfig, answer: Answer) -> InstanceStatus:
        """The state; an answer that cannot be read is `unknown`, never "disconnected"."""
        body = answer.body()
        if answer.status != 200 or not isinstance(body, dict):
            kind, code = _refusal(answer)
            if kind is OutcomeClass.REFUSED_LANE:  # the instance answers, and is not usable
                return InstanceStatus("disconnected", code=code)
            return InstanceStatus("unknown", code="unreachable")
        if body.get("error"):
            return InstanceStatus("disconnected", code=_refusal(answer)[1])
        instance = body["instance"] if isinstance(body.get("instance"), dict) else {}
        user = instance["user"] if isinstance(instance.get("user"), dict) else {}
        word = str(instance.get("status") or instance.get("connectionState") or body.get("status") or "").lower()
        if word == "connecting":
            return InstanceStatus("connecting")
        if word in ("connected", "open") or (user.get("id") and word not in ("disconnected", "close", "closed")):
            number = phone.parse(str(user["id"])) if user.get("id") else None
            return InstanceStatus("connected", number.e164 if number else None)
        return InstanceStatus("disconnected")

    def qr_code(self, config: GatewayConfig) -> Request:
        return self._request(config, "GET", f"instance/qrcode_base64/{_key(config)}")

    def read_qr_code(self, config: GatewayConfig, answer: Answer) -> QrCode:
        """A PNG data URL. Some seconds after a start there is none yet; a connected instance answers 403."""
        body = answer.body()
        if "already logged in" in _message(body):
            return QrCode(None, "already_connected")
        if answer.status != 200 or (isinstance(body, dict) and body.get("error")):
            return QrCode(None, "unavailable")
        fields = body if isinstance(body, dict) else {"qrcode": body or answer.text}
        image = next((fields[key] for key in ("qrcode", "qr_code", "data", "base64") if fields.get(key)), None)
        found = _IMAGE.fullmatch(image) if isinstance(image, str) else None
        if found is None:
            return QrCode(None, "not_ready")
        return QrCode((found["kind"] or "data:image/png;base64,") + found["base64"])

    def webhook(self, config: GatewayConfig, *, url: str) -> Request:
        """POST that makes the instance tell `url` what happens. One address per instance: it replaces another."""
        data = {"messageData": {"webhookUrl": url, "webhookEnabled": True}}
        return self._request(config, "POST", f"webhook/{_key(config)}/configWebhook", data)

    def read_webhook(self, config: GatewayConfig, answer: Answer) -> bool:
        """Whether the address was taken."""
        body = answer.body()
        return answer.status == 200 and isinstance(body, dict) and not body.get("error")

    def instance_key_of(self, body: Mapping[str, Any]) -> str:
        return megaapi_events.instance_key_of(body)

    def unwrap(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        return megaapi_events.unwrap(body)

    def read_event(self, payload: Mapping[str, Any]) -> Event:
        return megaapi_events.read_event(payload)

    @staticmethod
    def _request(config: GatewayConfig, method: str, path: str, data: dict[str, Any] | None = None) -> Request:
        token = config.token.removeprefix("Bearer ").strip()  # some customers paste the word too
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return Request(method, f"{config.base_url}/rest/{path}", headers, data)


def _key(config: GatewayConfig) -> str:
    return quote(config.instance_key, safe="")


def _message(body: Any) -> str:
    """Name and message of a failure, lower case and without accents."""
    if not isinstance(body, dict):
        return ""
    text = unicodedata.normalize("NFKD", f"{body.get('name') or ''} {body.get('message') or ''}".lower())
    return "".join(char for char in text if not unicodedata.combining(char))


def _refusal(answer: Answer) -> Refusal:
    """What a failure proves; unlisted status or text, and any word of doubt, prove nothing."""
    body = answer.body()
    text, whole = _message(body), answer.text.lower()
    if any(word in whole for word in DOUBT):
        return OutcomeClass.UNKNOWN, "doubtful_text"
    for statuses, wanted, refusal in REFUSALS:
        if answer.status in statuses and wanted in text:
            return refusal
    if answer.status == 400 and isinstance(body, dict) and body.get("name") == "BAD_REQUEST":
        return OutcomeClass.REFUSED_MESSAGE, "bad_request"
    return OutcomeClass.UNKNOWN, "unexpected_answer"


def _message_id(body: dict[str, Any]) -> str:
    for path in _ID_PATHS:
        value: Any = body
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str | int) and not isinstance(value, bool) and _ID.fullmatch(str(value)):
            return str(value)
    return ""


def _retry_after_s(header: str) -> float:
    """Seconds of a Retry-After header; a date or nothing means a minute."""
    return min(float(header), 86_400.0) if re.fullmatch(r"\s*[0-9]{1,9}\s*", header) else DEFAULT_RETRY_AFTER_S

"""The outside of a Hotmart post: its version, event and identity; cleaned of the token and of what no database takes.

Version 2.0.0 is a JSON object with `event` and `data`; 1.0.0 is a form, or a flat camelCase JSON object (contract §1, §4.4).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from billing.domain import values

TOKEN_KEY = "hottok"  # noqa: S105 (the name of the field, not its value)
MOST_DEPTH = 60  # levels; real events have six
MOST_FIELDS = 300  # of a form; real ones have about sixty
REDACTED = "***"
VERSION_1, VERSION_2 = "1.0.0", "2.0.0"


@dataclass(frozen=True)
class Body:
    """A posted body, read and redacted. `payload` None: neither a JSON object nor a form."""

    raw: bytes
    payload: dict[str, Any] | None
    token: str = ""  # the body's own hottok; the payload no longer holds it


@dataclass(frozen=True)
class Envelope:
    """What the inbox keeps beside the payload."""

    version: str
    event: str
    dedupe_key: str
    digest: str  # SHA-256 of the cleaned payload: tells a repetition from another body under the same id
    produced_at: dt.datetime | None
    subscriber_code: str
    transaction: str
    buyer_email: str


def read_body(raw: bytes, *, tokens: Sequence[str] = ()) -> Body:
    """Read a body as JSON, else as a form.

    The token's field is taken out at every depth, and each of the known `tokens` is blotted out of every other text.
    """
    payload, token = _parse(raw, tokens)
    for known in filter(None, tokens):
        raw = raw.replace(known.encode(), REDACTED.encode())
    return Body(raw=raw, payload=payload, token=token)


def open_envelope(payload: dict[str, Any]) -> Envelope:
    """The identity of a cleaned payload, of either version."""
    digest = hashlib.sha256(json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    if "event" in payload and "data" in payload:
        return _version_2(payload, digest)
    return _version_1(payload, digest)


def unreadable_key(raw: bytes) -> str:
    """The identity of a body that is neither JSON object nor form."""
    return "raw:" + hashlib.sha256(raw).hexdigest()


def _version_2(payload: dict[str, Any], digest: str) -> Envelope:
    data = values.branch(payload, "data")
    subscriber = values.branch(data, "subscription", "subscriber") or values.branch(data, "subscriber")
    code = subscriber.get("code") or values.branch(data, "subscription").get("subscriber_code")
    buyer = values.branch(data, "buyer") or subscriber or values.branch(data, "subscription", "user")
    event_id = values.identifier(payload.get("id"), 100)
    return Envelope(
        version=VERSION_2,
        event=values.words(payload["event"], 60),
        dedupe_key=event_id or f"sha256:{digest}",
        digest=digest,
        produced_at=values.moment(payload.get("creation_date") or payload.get("creationDate")),
        subscriber_code=values.identifier(code),
        transaction=values.identifier(values.branch(data, "purchase").get("transaction")),
        buyer_email=values.email(buyer.get("email")),
    )


def _version_1(payload: dict[str, Any], digest: str) -> Envelope:
    switch = values.branch(payload, "subscription", "subscriber")
    code = values.identifier(payload.get("subscriber_code") or payload.get("subscriberCode") or switch.get("code"))
    transaction = values.identifier(payload.get("transaction"))
    status = values.words(payload.get("status"), 40).upper()
    moments = [str(payload.get(key, "")) for key in ("cancellationDate", "switchPlanDate")]
    identity = "\n".join([VERSION_1, transaction, status, code, *moments])
    known = transaction or any(moments)
    return Envelope(
        version=VERSION_1,
        event=_version_1_event(payload, status),
        dedupe_key="v1:" + (hashlib.sha256(identity.encode()).hexdigest() if known else digest),
        digest=digest,
        produced_at=None,
        subscriber_code=code,
        transaction=transaction,
        buyer_email=values.email(payload.get("email") or payload.get("userEmail")),
    )


def _version_1_event(payload: dict[str, Any], status: str) -> str:
    if "cancellationDate" in payload:
        return "V1_SUBSCRIPTION_CANCELLATION"
    if "switchPlanDate" in payload:
        return "V1_SWITCH_PLAN"
    if "buyerVO" in payload:
        return "V1_OUT_OF_SHOPPING_CART"
    return f"V1_{status}" if status else "V1_UNKNOWN"


def _parse(raw: bytes, tokens: Sequence[str]) -> tuple[dict[str, Any] | None, str]:
    try:
        read = json.loads(raw)
    except (ValueError, RecursionError):
        read = _parse_form(raw)
    if not isinstance(read, dict) or not read:
        return None, ""
    token = read.get(TOKEN_KEY)
    try:
        return _clean(read, MOST_DEPTH, tokens), token if isinstance(token, str) else ""
    except ValueError:
        return None, token if isinstance(token, str) else ""


def _parse_form(raw: bytes) -> dict[str, str] | None:
    try:
        form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return None
    # Any text with an equals sign parses as a form; a purchase of 1.0.0 always names its transaction.
    return form if "transaction" in form else None


def _clean(value: Any, depth: int, tokens: Sequence[str]) -> Any:
    """Without the token, and storable: PostgreSQL's jsonb refuses NUL, lone surrogates, NaN and Infinity."""
    if depth < 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {
            _clean(key, 0, tokens): _clean(item, depth - 1, tokens)
            for key, item in value.items()
            if key.strip().lower() != TOKEN_KEY
        }
    if isinstance(value, list):
        return [_clean(item, depth - 1, tokens) for item in value]
    if isinstance(value, str):
        text = value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        for token in filter(None, tokens):
            text = text.replace(token, REDACTED)
        return text
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a number")
    return value

"""A payload as an operator may look at it: what identifies a person is masked, what decides a licence is not."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "•••"
# Objects that describe a person: every text and number in them is masked, except these codes of ours and Hotmart's.
_PERSONS = frozenset(
    {"buyer", "buyervo", "producer", "subscriber", "user", "shipping", "address", "phone", "affiliates"}
)
_CODES = frozenset(
    {"code", "subscriber_code", "affiliate_code", "document_type", "country", "country_iso", "legal_nature"}
)
# Fields of a person wherever they stand, as in the flat forms of version 1.0.0.
_FIELDS = re.compile(
    r"e?mail$|phone|^doc$|document$|^address|zip|(^|_)ip$|^(first_|last_)?name$|^username$|^aff_name$|^producer_name$"
    r"|pix_(code|qrcode)|billet_(barcode|url)|event_ticket|^sck|metadata"
)
# Where `name` is that of a thing.
_THINGS = frozenset({"product", "products", "plan", "plans", "offer", "module", "checkout_country"})


def mask(value: Any, *, parent: str = "") -> Any:
    """A copy of the payload with personal data masked; of an e-mail the first letter and the domain stay."""
    if isinstance(value, dict):
        return {key: _masked(str(key), item, parent) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item, parent=parent) for item in value]
    return value


def _masked(key: str, value: Any, parent: str) -> Any:
    low = key.lower()
    if isinstance(value, dict | list):
        inside = parent if parent == "person" else ("person" if low in _PERSONS else low)
        return mask(value, parent=inside)
    if parent == "person":
        return value if low in _CODES else _hide(value)
    if _FIELDS.search(low) and not (low == "name" and parent in _THINGS):
        return _hide(value)
    return value


def _hide(value: Any) -> Any:
    if value in ("", None) or isinstance(value, bool):
        return value
    head, at, domain = str(value).partition("@")
    return f"{head[:1]}{HIDDEN}@{domain}" if at else HIDDEN

"""Who a number is and how it is shown: spelling for people, mask for logs, key for matching WhatsApp ids."""

from __future__ import annotations

from leads_infinitos.kernel.phone.parsing import parse
from leads_infinitos.kernel.phone.world import country_code, international_spelling


def format_national(e164: str) -> str:
    """The spelling people read: "(11) 98765-4321" in Brazil, "+1 415-555-2671" abroad; other texts as given."""
    digits = e164.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return e164
    if digits.startswith("55") and len(digits) in (12, 13):
        return f"({digits[2:4]}) {digits[4:-4]}-{digits[-4:]}"
    return international_spelling(digits) if 8 <= len(digits) <= 15 else e164


def mask(e164: str) -> str:
    """A spelling fit for logs and errors: country, DDD and the last four digits ("+55 11 *****-4321"); else "***"."""
    digits = e164.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15):
        return "***"
    if digits.startswith("55") and len(digits) in (12, 13):
        return f"+55 {digits[2:4]} {'*' * (len(digits) - 8)}-{digits[-4:]}"
    country = country_code(digits)
    return f"+{country} {'*' * max(len(digits) - len(country) - 4, 0)}{digits[-4:]}"


def national_key(identifier: str) -> str | None:
    """The E.164, ninth digit included, that a WhatsApp id or an E.164 stands for; None when it is no phone.

    "553187654321", "5531987654321@s.whatsapp.net" and "+5531987654321" have one key. A LID or a group has none.
    """
    identifier = identifier.strip()
    if identifier.isascii() and identifier.isdigit():
        identifier = f"{identifier}@c.us"
    return parse(identifier).e164


def same_person(identifier: str, e164: str) -> bool:
    """Whether a WhatsApp id or E.164 belongs to the number `e164`, whichever of the two lacks the ninth digit."""
    key = national_key(identifier)
    return key is not None and key == national_key(e164)

"""Which numbers are on WhatsApp here, and under which id.

Every plausible number is, except where its last seven digits are `999` and one of the codes of `MAGIC`: that number
then meets that fault, whatever its instance is set to. Example: (11) 98999-0404 is not on WhatsApp.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from leads_infinitos.sandbox.mega.faults import Fault

MAGIC_PREFIX = "999"
MAGIC = {
    "0200": Fault.ERROR_TRUE,
    "0204": Fault.EMPTY_200,
    "0206": Fault.PARTIAL_200,
    "0403": Fault.DISCONNECTED,
    "0404": Fault.NOT_REGISTERED,
    "0408": Fault.HANG_AFTER_ACCEPT,
    "0418": Fault.HANG_BEFORE_ACCEPT,
    "0429": Fault.RATE_LIMITED,
    "0444": Fault.HTML_404,
    "0498": Fault.DROP_BEFORE_ACCEPT,
    "0499": Fault.DROP_AFTER_ACCEPT,
    "0502": Fault.BAD_GATEWAY,
    "0504": Fault.GATEWAY_TIMEOUT,
}

# The 67 area codes in use (libphonenumber, territory BR).
_AREA_CODES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "16",
        "17",
        "18",
        "19",
        "21",
        "22",
        "24",
        "27",
        "28",
        "31",
        "32",
        "33",
        "34",
        "35",
        "37",
        "38",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "47",
        "48",
        "49",
        "51",
        "53",
        "54",
        "55",
        "61",
        "62",
        "63",
        "64",
        "65",
        "66",
        "67",
        "68",
        "69",
        "71",
        "73",
        "74",
        "75",
        "77",
        "79",
        "81",
        "82",
        "83",
        "84",
        "85",
        "86",
        "87",
        "88",
        "89",
        "91",
        "92",
        "93",
        "94",
        "95",
        "96",
        "97",
        "98",
        "99",
    ]
)
_TO = re.compile(r"(?P<user>[0-9]+)(?::[0-9]+)?(?:@(?:s\.whatsapp\.net|c\.us))?")
_OTHER = re.compile(r"[0-9-]+@(?:g\.us|lid)")


@dataclass(frozen=True)
class Address:
    """Whom a `to` names: the digits as written, the person, and the id WhatsApp knows."""

    to: str
    phone: str
    jid: str
    magic: Fault | None
    on_whatsapp: bool


@lru_cache(maxsize=65536)
def address_of(to: str) -> Address | None:
    """The address that a `to` or `jid` value names; None when it is no address at all."""
    found = _TO.fullmatch(to)
    if found is None:
        if _OTHER.fullmatch(to):
            user = to.partition("@")[0]
            return Address(to=user, phone=user, jid=to, magic=None, on_whatsapp=True)
        return None
    digits = found["user"]
    phone = _person(digits)
    if phone is None:
        return Address(to=digits, phone=digits, jid=f"{digits}@s.whatsapp.net", magic=None, on_whatsapp=False)
    magic = MAGIC.get(phone[-4:]) if phone[-7:-4] == MAGIC_PREFIX else None
    return Address(
        to=digits,
        phone=phone,
        jid=f"{_canonical(phone)}@s.whatsapp.net",
        magic=magic,
        on_whatsapp=magic is not Fault.NOT_REGISTERED,
    )


def _person(digits: str) -> str | None:
    """E.164 digits, with the ninth digit inserted into an old mobile; None when no such number can exist."""
    if not digits.startswith("55"):
        return digits if 8 <= len(digits) <= 15 and digits[0] != "0" else None
    area, local = digits[2:4], digits[4:]
    if area not in _AREA_CODES:
        return None
    if len(local) == 8 and local[0] in "23456789":
        return digits if local[0] in "2345" else f"55{area}9{local}"
    return digits if len(local) == 9 and local[0] == "9" else None


def _canonical(phone: str) -> str:
    """Accounts older than the ninth digit keep the short id: area codes from 31 on, and 7 to 9 after the leading 9."""
    if len(phone) == 13 and phone.startswith("55") and phone[2:4] >= "31" and phone[5] in "789":
        return phone[:4] + phone[5:]
    return phone

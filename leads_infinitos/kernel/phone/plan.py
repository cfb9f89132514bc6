"""The Brazilian numbering plan: from digits to a number, by length first.

Area codes, service prefixes and carriers are those of google/libphonenumber (PhoneNumberMetadata.xml, territory BR).
DDD 55 equals the country code, so 10-11 digits starting with 55 are DDD 55 and 12 or more are the country.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from leads_infinitos.kernel.phone.model import (
    DDD_FROM_DEFAULT,
    DDD_INHERITED,
    NINTH_DIGIT_ADDED,
    Kind,
    Phone,
    refusal,
)

_ENDINGS_BY_TENS = {  # 67 area codes: the second digits in use after each first one
    1: "123456789",
    2: "12478",
    3: "1234578",
    4: "123456789",
    5: "1345",
    6: "123456789",
    7: "134579",
    8: "123456789",
    9: "123456789",
}
DDDS = frozenset(f"{tens}{ending}" for tens, endings in _ENDINGS_BY_TENS.items() for ending in endings)
CARRIERS = frozenset(["12", "14", "15", "21", "22", "23", "25", "31", "41", "43", "55", "65", "99"])
COUNTRY = "55"

_NON_GEOGRAPHIC_DIALLED = ("0800", "0300", "0500", "0900")
_NON_GEOGRAPHIC_STORED = re.compile(r"0?(?:800|300|500|900)\d{6,7}", re.ASCII)
_SHARED_COST = re.compile(r"(?:30[03]\d|400\d|4020|4370|4864)\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AreaCode:
    """A DDD for a number written without one, and how to report it."""

    ddd: str
    repair: str


def default_area(ddd: str | None) -> AreaCode | None:
    """The DDD chosen for the import, or None when it is not one of the 67."""
    return AreaCode(ddd, DDD_FROM_DEFAULT) if ddd in DDDS else None


def inherited_area(ddd: str) -> AreaCode:
    """The DDD of the number written before this one in the same text."""
    return AreaCode(ddd, DDD_INHERITED)


def all_equal(digits: str) -> bool:
    """Whether the digits are a filler such as 00000000 (8 or more of one digit)."""
    return len(digits) >= 8 and digits == digits[0] * len(digits)


def is_non_geographic(digits: str) -> bool:
    """Whether these digits, with or without the leading zero, are an 0800, 0300, 0500 or 0900 line."""
    return _NON_GEOGRAPHIC_STORED.fullmatch(digits) is not None


def read_dialled(digits: str, area: AreaCode | None) -> Phone:
    """The number behind digits written as in Brazil: with or without trunk zero, carrier, collect prefix or country."""
    if all_equal(digits):
        return refusal("placeholder")
    length = len(digits)
    if length >= 8 and digits.startswith(_NON_GEOGRAPHIC_DIALLED):
        return refusal("non_geographic")
    if digits.startswith("0"):
        return read_national(_drop_trunk(digits), area)
    if digits.startswith("90") and length in (12, 13):
        return read_national(digits[2:], area)
    if digits.startswith("90") and length in (14, 15) and digits[2:4] in CARRIERS:
        return read_national(digits[4:], area)
    if digits.startswith(COUNTRY) and length >= 12:
        return read_after_country(digits[2:], area)
    return read_national(digits, area)


def read_after_country(digits: str, area: AreaCode | None) -> Phone:
    """The number behind the digits that follow +55; a country code repeated by a CRM and a trunk zero are dropped."""
    while digits.startswith(COUNTRY) and len(digits) >= 12:
        digits = digits[2:]
    if is_non_geographic(digits) or (len(digits) >= 8 and digits.startswith(_NON_GEOGRAPHIC_DIALLED)):
        return refusal("non_geographic")
    if digits.startswith("0"):
        digits = _drop_trunk(digits)
    return read_national(digits, area)


def read_national(digits: str, area: AreaCode | None) -> Phone:
    """The number behind DDD + subscriber, or a subscriber alone when `area` can complete it."""
    length = len(digits)
    if length < 8:
        return refusal("too_short")
    if length > 11:
        return refusal("bad_length")
    if all_equal(digits):
        return refusal("placeholder")
    if length <= 9:
        local, repairs = digits, (area.repair,) if area else ()
        ddd = area.ddd if area else None
    else:
        ddd, local, repairs = digits[:2], digits[2:], ()
        if ddd not in DDDS:
            return refusal("bad_ddd")
    return _read_local(ddd, local, repairs)


def whatsapp_ids(ddd: str, local: str) -> tuple[str, ...]:
    """The ids a mobile may have on WhatsApp, likeliest first.

    Accounts made before the ninth digit keep the short id; from DDD 31 on most do (EvolutionAPI/evolution-api,
    src/utils/createJid.ts). A number whose second digit is 0-5 was born with nine.
    """
    long_id, short_id = f"{COUNTRY}{ddd}{local}", f"{COUNTRY}{ddd}{local[1:]}"
    if local[1] <= "5":
        return (long_id,)
    if local[1] == "6" or ddd < "31":
        return (long_id, short_id)
    return (short_id, long_id)


def _drop_trunk(digits: str) -> str:
    if len(digits) in (11, 12):
        return digits[1:]
    if len(digits) in (13, 14):  # 0 + carrier + DDD + number
        return digits[3:]
    return digits


def _read_local(ddd: str | None, local: str, repairs: tuple[str, ...]) -> Phone:
    if all_equal(local[-8:]):
        return refusal("placeholder")
    first = local[0]
    if len(local) == 9:
        if first != "9":
            return refusal("bad_local")
        kind = Kind.MOBILE
    elif _SHARED_COST.fullmatch(local):
        return refusal("shared_cost")
    elif first in "2345":
        kind = Kind.LANDLINE
    elif first in "6789":
        kind, local = Kind.MOBILE, f"9{local}"
        repairs = (*repairs, NINTH_DIGIT_ADDED)
    else:
        return refusal("bad_local")
    if ddd is None:
        return refusal("missing_ddd")
    e164 = f"+{COUNTRY}{ddd}{local}"
    ids = whatsapp_ids(ddd, local) if kind is Kind.MOBILE else (e164[1:],)
    return Phone(kind, e164, ids, repairs=repairs)

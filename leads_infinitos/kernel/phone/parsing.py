"""From any text to phones: ids, spreadsheet damage, links, then free text, in this order.

The order matters: an `@` decides before anything else, a link hides its digits from the free-text reading, and a number
without `+` is Brazilian or nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from urllib.parse import unquote

from leads_infinitos.kernel.phone.links import read_link, split_links
from leads_infinitos.kernel.phone.model import SCIENTIFIC_NOTATION, Kind, Phone, refusal
from leads_infinitos.kernel.phone.plan import (
    CARRIERS,
    COUNTRY,
    AreaCode,
    all_equal,
    default_area,
    inherited_area,
    is_non_geographic,
    read_after_country,
    read_dialled,
)
from leads_infinitos.kernel.phone.world import is_number_abroad

MAX_CHARS = 4_000  # a phone cell is short; a pasted document is not searched to its end
MAX_NUMBERS = 40

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]+")
_NUMBER_AT_END = re.compile(r"[0-9\s().+-]+\Z")
_WHATSAPP_ID = re.compile(r"([0-9]+)(?::[0-9]+)?@(?:s\.whatsapp\.net|c\.us)", re.IGNORECASE)
_FLOAT = re.compile(r"([0-9]{8,15})\.0+")
_SCIENTIFIC = re.compile(r"\+?([0-9]{1,15})(?:[.,]([0-9]*))?[eE]\+?([0-9]{1,2})")
_TEL_PARAMETER = re.compile(r";\s*[a-z-]+=.*", re.IGNORECASE | re.DOTALL)
_EXTENSION = re.compile(
    r"(?:\b(?:ramal|ramais|ext|extensao|extensão)|(?:(?<=[0-9]{4})|(?<=\s))x)[.:\s]*[0-9]{1,5}(?![0-9])", re.IGNORECASE
)
_BETWEEN_NUMBERS = re.compile(r"[/;,|\n]|\s(?:ou|e)\s", re.IGNORECASE)
_NOT_DIGIT = re.compile(r"[^0-9]+")
_PLUS_AHEAD = re.compile(r"[^0-9]*\+[\s(]*[0-9]")
_PHONE_SHAPED = re.compile(
    r"(?<![0-9])(?:\+?\s?55[\s.()-]*)?(?:\(?0?[0-9]{2}\)?[\s.-]*)?9?[\s.-]?[0-9]{4}[\s.-]*[0-9]{4}(?![0-9])"
)
_WHATSAPP_REFUSALS = frozenset({"placeholder", "shared_cost", "non_geographic"})
_LETTER = re.compile(r"[a-z]", re.IGNORECASE)


def parse(text: str, *, default_ddd: str | None = None) -> Phone:
    """The phone to use of a text: the first mobile, else the first usable, else the first refusal that says why."""
    phones = parse_all(text, default_ddd=default_ddd)
    for phone in phones:
        if phone.kind is Kind.MOBILE:
            return phone
    for phone in phones:
        if phone.is_usable:
            return phone
    return next((phone for phone in phones if phone.reason != "no_digits"), phones[0])


def parse_all(text: str, *, default_ddd: str | None = None) -> tuple[Phone, ...]:
    """Every number of a text in the order written, readable or not; never empty, never raises.

    `default_ddd` completes numbers written without a DDD, which `repairs` reports; one that does not exist is ignored.
    """
    text = _clean(text)
    if not text:
        return (refusal("empty"),)
    area = default_area(default_ddd)
    if "@" in text and (identifier := _read_identifier(text, area)) is not None:
        return (identifier,)
    if match := _FLOAT.fullmatch(text):
        text = match[1]
    elif match := _SCIENTIFIC.fullmatch(text):
        return (_read_scientific(match[1], match[2] or "", int(match[3]), area),)
    if text[:4].lower() == "tel:":
        text = unquote(_TEL_PARAMETER.sub("", text[4:]))
    if _LETTER.search(text) is None:
        return _read_free_text(text, area) or (refusal("no_digits"),)
    phones: list[Phone] = []
    for span in split_links(text):
        phones += [_read_link(span.text, area)] if span.is_link else _read_free_text(span.text, area)
    return tuple(phones[:MAX_NUMBERS]) or (refusal("no_digits"),)


def _clean(text: str) -> str:
    if len(text) > MAX_CHARS:  # half a number at the cut must not pass for a whole one
        text = _NUMBER_AT_END.sub("", text[:MAX_CHARS])
    if not text.isascii():
        text = "".join(_ascii_digit(char) for char in unicodedata.normalize("NFKC", text))
    text = _BLANKS.sub(" ", _LINE_END.sub("\n", _INVISIBLE.sub("", text))).strip()
    return text.lstrip("'").strip()  # spreadsheets mark a number kept as text with an apostrophe


def _ascii_digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def _read_identifier(text: str, area: AreaCode | None) -> Phone | None:
    if match := _WHATSAPP_ID.fullmatch(text):
        phone = _read_whatsapp_digits(match[1], area)
        # WhatsApp itself gave this id, so the other spelling of the ninth digit is not worth a try.
        return replace(phone, wa_ids=(match[1],)) if match[1] in phone.wa_ids else phone
    ending = text.lower().rpartition("@")[2]
    if ending == "lid":
        return refusal("lid")
    if ending == "g.us":
        return refusal("group")
    is_number_link = any(span.is_link and read_link(span.text).number for span in split_links(text.partition("@")[0]))
    return None if is_number_link else refusal("not_a_phone")


def _read_scientific(whole: str, fraction: str, exponent: int, area: AreaCode | None) -> Phone:
    if not fraction[exponent:].strip("0"):
        fraction = fraction[:exponent]
    missing = exponent - len(fraction)
    if not 0 <= missing <= 2:  # two implied zeros happen by chance; more means that digits were rounded away
        return refusal("precision_lost")
    phone = _read_digits(f"{whole}{fraction}{'0' * missing}", False, area)
    return replace(phone, repairs=(SCIENTIFIC_NOTATION, *phone.repairs)) if phone.is_usable else phone


def _read_link(link: str, area: AreaCode | None) -> Phone:
    reading = read_link(link)
    if reading.number is None:
        return refusal(reading.reason or "no_phone_in_link")
    return _read_whatsapp_digits(_NOT_DIGIT.sub("", reading.number), area)


def _read_whatsapp_digits(digits: str, area: AreaCode | None) -> Phone:
    """Digits of a WhatsApp link or id are international, unless they only make sense as a Brazilian number."""
    if digits.startswith("00"):
        phone = _read_digits(digits, False, area)
    elif is_non_geographic(digits):
        phone = refusal("non_geographic")
    elif digits.startswith(COUNTRY) and len(digits) >= 12:
        phone = read_after_country(digits[2:], area)
    else:
        # The collect prefix 90 is something one dials, never part of a link: +90 is Turkey.
        phone = refusal("bad_length") if digits.startswith("90") and len(digits) > 11 else read_dialled(digits, area)
        is_brazilian = phone.is_usable or phone.reason in _WHATSAPP_REFUSALS or digits[:2] == COUNTRY
        if not is_brazilian and (len(digits) > 9 or is_number_abroad(digits)):
            phone = _read_abroad(digits)
    return replace(phone, from_whatsapp=True)


def _read_free_text(text: str, area: AreaCode | None) -> tuple[Phone, ...]:
    phones: list[Phone] = []
    previous: AreaCode | None = None
    for part in _BETWEEN_NUMBERS.split(_EXTENSION.sub(" ", text)):
        digits = _NOT_DIGIT.sub("", part)
        if not digits:
            continue
        given = previous or area
        has_plus = _PLUS_AHEAD.match(part) is not None
        phone = _read_digits(digits, has_plus, given)
        if phone.reason == "bad_length" and (run := _PHONE_SHAPED.search(part)) is not None:
            has_plus = has_plus and "+" in part[: run.end()]
            phone = _read_digits(_NOT_DIGIT.sub("", run[0]), has_plus, given)
        phones.append(phone)
        previous = _area_to_inherit(phone, given) or previous
        if len(phones) == MAX_NUMBERS:
            break
    return tuple(phones)


def _area_to_inherit(phone: Phone, given: AreaCode | None) -> AreaCode | None:
    """The DDD that the next number may take: only one that was written, never the import's default."""
    if phone.e164 is None or phone.kind is Kind.FOREIGN or (given is not None and given.repair in phone.repairs):
        return None
    return inherited_area(phone.e164[3:5])


def _read_digits(digits: str, has_plus: bool, area: AreaCode | None) -> Phone:
    if all_equal(digits):
        return refusal("placeholder")
    if has_plus and digits[0] != "0":
        return _read_international(digits, area)
    if not digits.startswith("00"):
        return read_dialled(digits, area)
    rest = digits.lstrip("0")
    if rest[:2] in CARRIERS and rest[2:4] == COUNTRY and len(rest) in (14, 15):
        rest = rest[2:]  # 00 + carrier + 55 …
    if len(digits) in (10, 11) and not is_number_abroad(rest):
        return refusal("bad_ddd")  # "(00) 98765-4321" is an unknown DDD, not Iran
    return _read_international(rest, area)


def _read_international(digits: str, area: AreaCode | None) -> Phone:
    return read_after_country(digits[2:], area) if digits.startswith(COUNTRY) else _read_abroad(digits)


def _read_abroad(digits: str) -> Phone:
    if len(digits) < 8:
        return refusal("too_short")
    if len(digits) > 15:
        return refusal("bad_length")
    if digits[0] == "0":
        return refusal("bad_ddd")
    return Phone(Kind.FOREIGN, f"+{digits}", (digits,))

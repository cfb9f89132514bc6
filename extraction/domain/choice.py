"""Which of a row's numbers becomes the lead's phone: the first one that can be contacted, else the first usable one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from extraction.domain.columns import PhoneColumn
from extraction.domain.fields import Field
from leads_infinitos.kernel.phone import DDDS, Kind, Phone, parse_all

_WHATSAPP_FIELDS = frozenset({Field.WHATSAPP_LINK, Field.WHATSAPP})
_NOT_DIGIT = re.compile("[^0-9]+")
_DDD_MAX_CHARS = 20
_NOTHING = Phone(Kind.INVALID, reason="empty")


@dataclass(frozen=True, slots=True)
class PhoneChoice:
    """The chosen number, or the refusal that explains why there is none."""

    phone: Phone
    col: int | None  # None when every phone cell is blank
    is_contactable: bool
    has_number: bool  # some phone cell holds a usable or a service number


def choose_phone(texts: Mapping[int, str], columns: Sequence[PhoneColumn], default_ddd: str | None) -> PhoneChoice:
    """The phone of a row; `texts` are its non-blank cells by column, `columns` stand in order of precedence."""
    usable: tuple[PhoneColumn, Phone] | None = None
    refused: tuple[PhoneColumn, Phone] | None = None
    has_service = False
    for column, phones in _readings(texts, columns, default_ddd):
        for phone in sorted(phones, key=_is_not_mobile):
            if phone.is_usable and _is_contactable(phone, column):
                return PhoneChoice(phone, column.col, is_contactable=True, has_number=True)
            if phone.is_usable:
                usable = usable or (column, phone)
                continue
            has_service = has_service or phone.kind is Kind.SERVICE
            if refused is None or (refused[1].reason == "no_digits" != phone.reason):
                refused = column, phone
    column_and_phone = usable or refused
    if column_and_phone is None:
        return PhoneChoice(_NOTHING, None, is_contactable=False, has_number=False)
    column, phone = column_and_phone
    return PhoneChoice(phone, column.col, is_contactable=False, has_number=usable is not None or has_service)


def _readings(
    texts: Mapping[int, str], columns: Sequence[PhoneColumn], default_ddd: str | None
) -> Iterator[tuple[PhoneColumn, Sequence[Phone]]]:
    for column in columns:
        text = texts.get(column.col)
        if text is None:
            continue
        ddd = _row_ddd(texts, column.ddd_col)
        phones = parse_all(text, default_ddd=ddd or default_ddd)
        if ddd is not None:  # a DDD of the row's own is no guess, hence no repair
            phones = tuple(_without_default_repair(phone) for phone in phones)
        if column.field is Field.WEBSITE:
            phones = tuple(phone for phone in phones if phone.from_whatsapp and phone.is_usable)
        yield column, phones


def _row_ddd(texts: Mapping[int, str], col: int | None) -> str | None:
    if col is None or col not in texts:
        return None
    digits = _NOT_DIGIT.sub("", texts[col][:_DDD_MAX_CHARS].removesuffix(".0")).lstrip("0")
    return digits if digits in DDDS else None


def _without_default_repair(phone: Phone) -> Phone:
    if "ddd_from_default" not in phone.repairs:
        return phone
    return replace(phone, repairs=tuple(repair for repair in phone.repairs if repair != "ddd_from_default"))


def _is_not_mobile(phone: Phone) -> bool:
    return phone.kind is not Kind.MOBILE


def _is_contactable(phone: Phone, column: PhoneColumn) -> bool:
    if phone.kind is Kind.MOBILE:
        return True
    return phone.kind is Kind.LANDLINE and (phone.from_whatsapp or column.field in _WHATSAPP_FIELDS)

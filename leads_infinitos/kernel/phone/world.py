"""Numbers of other countries, as google/libphonenumber knows them: validity and usual spelling."""

from __future__ import annotations

import phonenumbers


def is_number_abroad(digits: str) -> bool:
    """Whether digits that start with a country code are a number in use outside Brazil."""
    number = _number(digits)
    return number is not None and number.country_code != 55 and phonenumbers.is_valid_number(number)


def international_spelling(digits: str) -> str:
    """The spelling used abroad ("+1 415-555-2671"), or the bare digits when none keeps every digit."""
    number = _number(digits)
    if number is None:
        return f"+{digits}"
    spelling: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    is_faithful = "".join(filter(str.isdigit, spelling)) == digits and not set(spelling) & set("/;,|xX")
    return spelling if is_faithful else f"+{digits}"


def country_code(digits: str) -> str:
    """The country code that the digits start with; their first digit when no country has such a number."""
    number = _number(digits)
    return str(number.country_code) if number is not None else digits[:1]


def _number(digits: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return None

"""What holds for every text: the parser answers, never guesses a country, and agrees with itself."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from leads_infinitos.kernel.phone import (
    DDDS,
    Kind,
    format_national,
    mask,
    national_key,
    parse,
    parse_all,
    same_person,
)

PIECES = st.sampled_from(
    ["+", "55", "11", "31", "00", "0", "90", "0800", "(", ")", "-", " ", "/", " ou ", "9", "8765", "4321", "E+12", ".0"]
) | st.sampled_from(
    [",", "https://wa.me/", "?phone=", "&text=", "api.whatsapp.com/send", "@s.whatsapp.net", "@lid", "tel:", " ramal 2"]
)
DIGITS = st.text("0123456789", max_size=17)
PHONE_LIKE = st.lists(PIECES | DIGITS, max_size=9).map("".join)
ANY_TEXT = st.text(max_size=60) | PHONE_LIKE
DDD = st.none() | st.sampled_from(["11", "31", "55", "20", "x", ""])
FULL_DDD = st.sampled_from(sorted(DDDS))
MOBILE = st.tuples(FULL_DDD, st.integers(60_000_000, 99_999_998)).map(lambda pair: f"{pair[0]}9{pair[1]}")


@given(ANY_TEXT, DDD)
def test_any_text_gets_a_consistent_answer(text: str, ddd: str | None) -> None:
    phones = parse_all(text, default_ddd=ddd)

    assert phones
    assert parse(text, default_ddd=ddd) in phones
    for phone in phones:
        assert phone.is_usable == (phone.kind in {Kind.MOBILE, Kind.LANDLINE, Kind.FOREIGN})
        assert phone.is_usable == bool(phone.wa_ids) == (phone.reason is None)
        assert all(re.fullmatch(r"[1-9][0-9]{7,14}", wa_id) for wa_id in phone.wa_ids)


@given(ANY_TEXT, DDD)
def test_the_parser_reads_its_own_answer_as_the_same_number(text: str, ddd: str | None) -> None:
    for phone in parse_all(text, default_ddd=ddd):
        if phone.e164 is not None:
            again = parse(phone.e164)
            assert (again.e164, again.kind, again.repairs) == (phone.e164, phone.kind, ())


@given(PHONE_LIKE | DIGITS, DDD)
def test_a_foreign_number_was_written_as_one(text: str, ddd: str | None) -> None:
    for phone in parse_all(text, default_ddd=ddd):
        if phone.kind is Kind.FOREIGN and not phone.from_whatsapp:
            assert "+" in text or "00" in re.sub(r"[^0-9]", "", text)
        if phone.kind in {Kind.MOBILE, Kind.LANDLINE}:
            assert re.fullmatch(r"\+55[1-9]{2}(?:9[0-9]{8}|[2-5][0-9]{7})", phone.e164 or "")


@given(ANY_TEXT, FULL_DDD)
def test_a_default_ddd_only_fills_in_what_was_missing(text: str, ddd: str) -> None:
    without = parse_all(text)
    completed = parse_all(text, default_ddd=ddd)

    assert len(without) == len(completed)
    for before, after in zip(without, completed, strict=True):
        if "ddd_from_default" not in after.repairs:
            assert after == before
        else:
            assert before.reason == "missing_ddd"


@given(ANY_TEXT)
def test_formatting_never_changes_who_a_number_is(text: str) -> None:
    phone = parse(text)
    if phone.e164 is not None:
        assert parse(format_national(phone.e164)).e164 == phone.e164
        assert phone.e164[-8:-4] not in mask(phone.e164)[:-4] or len(phone.e164) < 9


@given(MOBILE)
def test_every_id_to_try_belongs_to_the_number(national: str) -> None:
    phone = parse(national)

    assert phone.e164 == f"+55{national}"
    assert all(same_person(wa_id, phone.e164) for wa_id in phone.wa_ids)
    assert {national_key(f"{wa_id}@s.whatsapp.net") for wa_id in phone.wa_ids} == {phone.e164}


@given(ANY_TEXT, ANY_TEXT)
def test_helpers_never_raise(left: str, right: str) -> None:
    assert isinstance(format_national(left), str)
    assert isinstance(mask(left), str)
    assert same_person(left, right) in {True, False}

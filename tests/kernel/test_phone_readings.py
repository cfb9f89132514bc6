"""Readings that the table of cases leaves open: repairs, evidence, links in the wild, service lines in disguise."""

from __future__ import annotations

import pytest

from leads_infinitos.kernel.phone import Kind, format_national, mask, national_key, parse, parse_all, same_person


@pytest.mark.parametrize(
    ("text", "default_ddd", "e164", "repairs"),
    [
        ("5.511987654321E+12", None, "+5511987654321", ("scientific_notation",)),
        ("5,5479887329e12", None, "+5547988732900", ("scientific_notation",)),
        ("5.5119876543210E+12", None, "+5511987654321", ("scientific_notation",)),
        ("1.187654321E+09", None, "+5511987654321", ("scientific_notation", "ninth_digit_added")),
        ("8765-4321", "48", "+5548987654321", ("ddd_from_default", "ninth_digit_added")),
        ("+55 98765-4321", "31", "+5531987654321", ("ddd_from_default",)),
        ("556194024954:12@s.whatsapp.net", None, "+5561994024954", ("ninth_digit_added",)),
        ("https://wa.me/553187654321", None, "+5531987654321", ("ninth_digit_added",)),
        ("11987654321.0", None, "+5511987654321", ()),
        ("'+5548981700152", None, "+5548981700152", ()),
    ],
)
def test_repairs_name_what_was_changed_in_a_fixed_order(
    text: str, default_ddd: str | None, e164: str, repairs: tuple[str, ...]
) -> None:
    phone = parse(text, default_ddd=default_ddd)

    assert (phone.e164, phone.repairs) == (e164, repairs)


def test_a_second_number_inherits_the_written_ddd_and_not_the_default() -> None:
    inherited = parse_all("(47) 2456-2859 | 9760-1424", default_ddd="11")[1]
    from_default = parse_all("2456-2859 / 9760-1424", default_ddd="11")[1]

    assert (inherited.e164, inherited.repairs) == ("+5547997601424", ("ddd_inherited", "ninth_digit_added"))
    assert (from_default.e164, from_default.repairs) == ("+5511997601424", ("ddd_from_default", "ninth_digit_added"))


def test_an_unknown_default_ddd_fills_nothing_in() -> None:
    assert parse("98765-4321", default_ddd="20").reason == "missing_ddd"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(00) 00000-0000", "placeholder"),
        ("00000000", "placeholder"),
        ("(00) 98765-4321", "bad_ddd"),
        ("4004-1234", "shared_cost"),
        ("1234-5678", "bad_local"),
        ("3333-3333", "placeholder"),
        ("987-654", "too_short"),
        ("0", "too_short"),
        ("nan", "no_digits"),
        ("null", "no_digits"),
        ("-", "no_digits"),
        ("?", "no_digits"),
        ("'", "empty"),
        ("\u200b\ufeff", "empty"),
        ("https://bit.ly/3x45678901", "short_link"),
        ("https://wa.me/qr/ABC1234567890", "short_link"),
        ("https://instagram.com/loja11987654321", "no_phone_in_link"),
        ("https://linktr.ee/loja11987654321", "no_phone_in_link"),
        ("instagram.com/11987654321", "no_phone_in_link"),
        ("https://api.whatsapp.com/send?text=11987654321", "no_phone_in_link"),
        ("https://wa.me/558007213344", "non_geographic"),
        ("https://wa.me/8007213344", "non_geographic"),
        ("558007213344@s.whatsapp.net", "non_geographic"),
        ("+55 0800 721 3344", "non_geographic"),
        ("https://wa.me/40031234", "shared_cost"),
        ("https://wa.me/5510987654321", "bad_ddd"),
        ("https://wa.me/987654321", "missing_ddd"),
        ("5,51199E+12", "precision_lost"),
        ("status@broadcast", "not_a_phone"),
        ("+1 234", "too_short"),
        ("+1234567890123456", "bad_length"),
    ],
)
def test_every_refusal_says_why_and_carries_no_number(text: str, reason: str) -> None:
    phone = parse(text)

    assert (phone.reason, phone.e164, phone.wa_ids) == (reason, None, ())


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("HTTPS://WA.ME/5527986712041", "+5527986712041"),
        ("https://wa.me/55 11 98765-4321", "+5511987654321"),
        ("https://wa.me/5511987654321?text=Olá, vi 11999990000 aqui", "+5511987654321"),
        ("https://wa.me/p/1234567890123/5511987654321", "+5511987654321"),
        ("https://api.whatsapp.com/send?text=oi&amp;phone=5511987654321", "+5511987654321"),
        ("https://api.whatsapp.com/send?Phone=55%252011%252098765-4321", "+5511987654321"),
        ("https://l.instagram.com/?u=https%3A%2F%2Fwa.me%2F5511987654321&e=x", "+5511987654321"),
        ("Fale conosco: https://wa.me/5511987654321", "+5511987654321"),
        ("whatsapp-business://send?phone=5511987654321", "+5511987654321"),
        ("https://wa.me/905321234567", "+905321234567"),
    ],
)
def test_whatsapp_links_are_evidence_whatever_their_shape(text: str, e164: str) -> None:
    phone = parse(text)

    assert (phone.e164, phone.from_whatsapp) == (e164, True)


def test_text_around_a_link_is_read_as_text() -> None:
    landline, mobile = parse_all("(11) 3234-5678 https://wa.me/5521987654321")

    assert (landline.e164, landline.from_whatsapp) == ("+551132345678", False)
    assert (mobile.e164, mobile.from_whatsapp) == ("+5521987654321", True)


def test_the_primary_number_is_the_first_mobile_then_the_first_usable_then_the_first_reason() -> None:
    assert parse("(48) 3312-2371 / (48) 99861-7134").kind is Kind.MOBILE
    assert parse("190 / (48) 3312-2371").kind is Kind.LANDLINE
    assert parse("190 / (20) 98765-4321").reason == "too_short"


def test_a_number_cut_by_the_length_limit_is_not_read() -> None:
    assert parse("x" * 3_990 + "11987654321").reason == "no_digits"


def test_a_huge_text_gives_a_bounded_answer() -> None:
    assert len(parse_all("11987654321/" * 90_000)) <= 40


@pytest.mark.parametrize(
    ("e164", "spelling", "masked"),
    [
        ("+5511987654321", "(11) 98765-4321", "+55 11 *****-4321"),
        ("+551132345678", "(11) 3234-5678", "+55 11 ****-5678"),
        ("+14155552671", "+1 415-555-2671", "+1 ******2671"),
        ("not a number", "not a number", "***"),
        ("", "", "***"),
    ],
)
def test_spellings_for_people_and_for_logs(e164: str, spelling: str, masked: str) -> None:
    assert (format_national(e164), mask(e164)) == (spelling, masked)


def test_both_spellings_of_the_ninth_digit_are_one_person() -> None:
    assert same_person("553187654321", "+5531987654321")
    assert same_person("553187654321:7@s.whatsapp.net", "+5531987654321")
    assert same_person("+5531987654321", "+5531987654321")


def test_a_landline_is_not_the_mobile_that_ends_like_it() -> None:
    assert not same_person("551132345678", "+5511932345678")


def test_a_lid_and_a_group_are_nobody() -> None:
    assert national_key("123456789012345@lid") is None
    assert not same_person("123456789012345@lid", "+5511987654321")
    assert not same_person("120363012345678901@g.us", "+5511987654321")

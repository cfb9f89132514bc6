"""Which unconfirmed message an unknown id belongs to: a table. When in doubt, none."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.domain.settling import UNKNOWN, UNMATCHED, Candidate, Sign, match
from tests.campaigns.rows import NOW

ANA, BETO = "+5511987654321", "+5511987654322"
LEASE_S, END_S = 45.0, 45.0 + 120.0


def candidate(number: int = 1, phone: str = ANA, body: str = "Oi, Ana") -> Candidate:
    return Candidate(number, phone, body, NOW, LEASE_S)


def sign(*phones: str, after_s: float = 1.0, echoes: tuple[str, ...] = ()) -> Sign:
    return Sign(phones, NOW + dt.timedelta(seconds=after_s), echoes)


@pytest.mark.parametrize("after_s", [0.0, 44.0, END_S])
def test_an_ack_heard_between_the_claim_and_the_grace_after_its_lease_settles_the_only_one(after_s: float) -> None:
    assert match(sign(ANA, after_s=after_s), [candidate(), candidate(2, BETO)]) == candidate()


@pytest.mark.parametrize("after_s", [-0.1, END_S + 0.1, 86_400.0])
def test_an_ack_first_heard_outside_that_time_settles_nothing(after_s: float) -> None:
    assert match(sign(ANA, after_s=after_s), [candidate()]) == UNKNOWN


@pytest.mark.parametrize("text", ["Oi, Ana", " Oi, Ana\n", "Oi, Ana\r\n"])
def test_an_echo_settles_by_its_text_however_late_it_is_heard(text: str) -> None:
    assert match(sign(ANA, after_s=86_400, echoes=(text,)), [candidate()]) == candidate()


def test_composed_and_decomposed_accents_are_one_text() -> None:
    assert match(sign(ANA, echoes=("Ola\u0301",)), [candidate(body="Olá")]) == candidate(body="Olá")


@pytest.mark.parametrize("echoes", [("Oi, Bia",), ("",), ("Oi, Ana", "Oi, Bia")])
def test_another_text_is_another_message_even_within_the_time(echoes: tuple[str, ...]) -> None:
    assert match(sign(ANA, echoes=echoes), [candidate()]) == UNKNOWN


def test_an_echo_from_before_the_claim_is_another_message() -> None:
    assert match(sign(ANA, after_s=-1, echoes=("Oi, Ana",)), [candidate()]) == UNKNOWN


@pytest.mark.parametrize("echoes", [(), ("Oi, Ana",)])
def test_two_messages_to_one_phone_leave_it_open(echoes: tuple[str, ...]) -> None:
    assert match(sign(ANA, echoes=echoes), [candidate(), candidate(2, body="Outra")]) == UNMATCHED


def test_a_lid_names_nobody() -> None:
    assert match(sign(), [candidate()]) == UNMATCHED
    assert match(sign(echoes=("Oi, Ana",)), [candidate()]) == UNMATCHED
    assert match(sign(after_s=END_S + 1), [candidate()]) == UNKNOWN


@pytest.mark.parametrize("phones", [(ANA,), ()])
def test_without_unconfirmed_messages_there_is_nothing_to_settle(phones: tuple[str, ...]) -> None:
    assert match(sign(*phones), []) == UNKNOWN


def test_a_message_to_somebody_else_is_not_ours() -> None:
    assert match(sign(BETO), [candidate()]) == UNKNOWN

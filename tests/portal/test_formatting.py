from __future__ import annotations

import datetime as dt

import pytest

from leads_infinitos.portal import formatting

ZONE = "America/Sao_Paulo"
NOW = dt.datetime(2026, 3, 10, 15, 0, tzinfo=dt.UTC)  # Tuesday 12:00 in São Paulo


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "agora"),
        (-12, "há 12 s"),
        (40, "em 40 s"),
        (-5 * 60, "há 5 min"),
        (59 * 60, "em 59 min"),
        (-3 * 3600, "há 3 h"),
        (6 * 3600, "hoje às 18:00"),
        (20 * 3600, "amanhã às 08:00"),
        (-24 * 3600, "ontem às 12:00"),
        (3 * 86400, "sex. 13/03 às 12:00"),
        (-40 * 86400, "29/01 às 12:00"),
        (-400 * 86400, "03/02/2025"),
    ],
)
def test_a_moment_is_said_as_a_person_would(seconds: int, words: str) -> None:
    assert formatting.relative(NOW + dt.timedelta(seconds=seconds), NOW, ZONE) == words


def test_yesterday_is_the_account_s_yesterday() -> None:
    last_evening = dt.datetime(2026, 3, 10, 2, 0, tzinfo=dt.UTC)  # the 9th, 23:00 there

    assert formatting.relative(last_evening, NOW, ZONE) == "ontem às 23:00"


def test_a_full_time_names_its_zone() -> None:
    assert formatting.absolute(NOW, ZONE) == "10/03/2026 12:00, horário de Brasília"
    assert formatting.absolute(NOW, "Europe/Lisbon") == "10/03/2026 15:00, horário de Europe/Lisbon"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (42, "42 s"),
        (330, "5 min 30 s"),
        (3600, "1 h"),
        (12000, "3 h 20 min"),
        (86400, "1 dia"),
        (187200, "2 dias 4 h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: int, words: str) -> None:
    assert formatting.duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "text"), [(None, "—"), (0, "0"), (1234, "1.234"), (1234567, "1.234.567"), (2.5, "2,5")]
)
def test_numbers_are_brazilian(value: float | None, text: str) -> None:
    assert formatting.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "—"), (0, "0,0%"), (95.84, "95,8%"), (100, "100,0%")])
def test_a_percent_has_one_decimal_and_nothing_is_a_dash(value: float | None, text: str) -> None:
    assert formatting.percent(value) == text

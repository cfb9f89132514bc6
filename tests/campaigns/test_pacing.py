"""Gap, window and local day, for any clock."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.domain import pacing
from campaigns.domain.closed_days import national_holiday
from campaigns.domain.pacing import Window, WindowError
from leads_infinitos.kernel.clock import local_day, start_of_local_day
from tests.campaigns.clocks import moments

ZONES = ["America/Sao_Paulo", "America/New_York", "Europe/Lisbon", "America/Havana", "Australia/Lord_Howe", "UTC"]
MINUTE = dt.timedelta(minutes=1)


@st.composite
def intervals(draw: st.DrawFn) -> list[list[int]]:
    edges = draw(st.lists(st.integers(0, 1440), unique=True, max_size=4).filter(lambda found: len(found) % 2 == 0))
    edges.sort()
    return [[edges[n], edges[n + 1]] for n in range(0, len(edges), 2)]


windows = st.lists(intervals(), min_size=7, max_size=7).filter(any)


def local(year: int, month: int, day: int, hour: int, minute: int, zone: str, fold: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold).astimezone(dt.UTC)


@given(low=st.floats(0, 1000), more=st.floats(0, 1000), floor=st.floats(0, 1500), seed=st.integers())
def test_a_gap_lies_in_its_range_and_never_under_the_floor(low: float, more: float, floor: float, seed: int) -> None:
    gap = pacing.draw_gap_s(gap_min_s=low, gap_max_s=low + more, floor_s=floor, rng=random.Random(seed))
    assert max(low, floor) <= gap <= max(low + more, floor)


def test_gaps_are_drawn_from_the_whole_range() -> None:
    rng = random.Random(1)
    drawn = [pacing.draw_gap_s(gap_min_s=300, gap_max_s=600, floor_s=30, rng=rng) for _ in range(1000)]
    assert min(drawn) < 310
    assert max(drawn) > 590
    assert 440 < sum(drawn) / 1000 < 460


def test_a_lease_outlasts_the_start_budget_and_the_call() -> None:
    assert pacing.lease_s(30) > pacing.START_BUDGET_S + 30


@given(raw=windows, now=moments, zone=st.sampled_from(ZONES))
@example(raw=[[[0, 1440]]] * 7, now=dt.datetime(2018, 11, 4, 2, 59, tzinfo=dt.UTC), zone="America/Sao_Paulo")
@example(raw=[[]] * 6 + [[[30, 90]]], now=dt.datetime(2018, 11, 4, 2, 0, tzinfo=dt.UTC), zone="America/Sao_Paulo")
@example(raw=[[]] * 6 + [[[60, 90]]], now=dt.datetime(2018, 11, 4, 5, 45, tzinfo=dt.UTC), zone="America/New_York")
@example(raw=[[]] * 6 + [[[150, 210]]], now=dt.datetime(2018, 3, 11, 5, 0, tzinfo=dt.UTC), zone="America/New_York")
def test_the_next_opening_is_the_first_open_minute(raw: list[list[list[int]]], now: dt.datetime, zone: str) -> None:
    window = Window.of(raw)
    opening = window.next_open(now, zone)

    assert window.is_open(opening, zone)
    if opening == now:
        return
    moment = now.replace(second=0, microsecond=0)
    while moment < opening:
        assert not window.is_open(moment, zone) or moment < now
        moment += MINUTE


@given(raw=windows, now=moments, zone=st.sampled_from(ZONES))
@example(raw=[[]] * 3 + [[[0, 60]]] + [[]] * 3, now=dt.datetime(2025, 12, 20, tzinfo=dt.UTC), zone="America/Sao_Paulo")
def test_a_window_without_holidays_opens_on_the_first_open_minute_of_no_holiday(
    raw: list[list[list[int]]], now: dt.datetime, zone: str
) -> None:
    window, every_day = Window.of(raw, skip_holidays=True), Window.of(raw)
    opening = window.next_open(now, zone)
    assert window.is_open(opening, zone)
    assert not national_holiday(local_day(opening, zone))
    moment = now
    while (moment := every_day.next_open(moment, zone)) < opening:
        assert national_holiday(local_day(moment, zone))
        moment = start_of_local_day(local_day(moment, zone) + dt.timedelta(days=1), zone)


def test_national_holidays_are_those_of_the_law_and_not_carnival() -> None:
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(365)]
    found = [f"{day:%d/%m}" for day in days if national_holiday(day)]
    assert found == ["01/01", "03/04", "21/04", "01/05", "07/09", "12/10", "02/11", "15/11", "20/11", "25/12"]
    assert national_holiday(dt.date(2026, 9, 7)) == "Independência do Brasil"


@given(now=moments, zone=st.sampled_from(ZONES))
def test_a_window_of_whole_days_never_closes(now: dt.datetime, zone: str) -> None:
    window = Window.of([[[0, 1440]]] * 7)
    assert window.is_open(now, zone)
    assert window.next_open(now, zone) == now


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"),
    [(7, 59, False), (8, 0, True), (11, 59, True), (12, 0, False), (13, 59, False), (14, 0, True), (18, 0, False)],
)
def test_two_intervals_of_a_day_open_at_their_starts_and_close_at_their_ends(
    hour: int, minute: int, is_open: bool
) -> None:
    window = Window.of([[[840, 1080], [480, 720]]] * 7)
    assert window.is_open(local(2026, 11, 25, hour, minute, "America/Sao_Paulo"), "America/Sao_Paulo") is is_open


def test_between_two_intervals_the_second_is_next() -> None:
    window = Window.of([[[480, 720], [840, 1080]]] * 7)
    zone = "America/Sao_Paulo"
    assert window.next_open(local(2026, 11, 25, 12, 30, zone), zone) == local(2026, 11, 25, 14, 0, zone)


def test_a_window_until_midnight_is_open_in_the_last_minute_and_closed_at_24() -> None:
    zone, window = "America/Sao_Paulo", Window.of([[], [], [[1200, 1440]], [], [], [], []])
    assert window.is_open(local(2026, 11, 25, 23, 59, zone), zone)
    assert not window.is_open(local(2026, 11, 26, 0, 0, zone), zone)


def test_after_friday_evening_the_default_window_opens_on_monday() -> None:
    zone, window = "America/Sao_Paulo", Window.of([[[480, 1200]]] * 5 + [[], []])
    assert window.next_open(local(2026, 11, 27, 20, 0, zone), zone) == local(2026, 11, 30, 8, 0, zone)


def test_where_summer_time_skips_midnight_the_day_opens_with_its_first_instant() -> None:
    zone, window = "America/Sao_Paulo", Window.of([[]] * 6 + [[[0, 1440]]])
    assert window.next_open(local(2018, 11, 3, 12, 0, zone), zone) == dt.datetime(2018, 11, 4, 3, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ([], -1),
        ([[]] * 7, -1),
        ([[[60, 60]], *[[]] * 6], 0),
        ([[], [[60, 30]], *[[]] * 5], 1),
        ([[], [], [[0, 1441]], *[[]] * 4], 2),
        ([[], [], [], [[-1, 10]], *[[]] * 3], 3),
        ([[[0, 100], [99, 200]], *[[]] * 6], 0),
        ([[[0, 100, 200]], *[[]] * 6], 0),
        ([[[0.5, 100]], *[[]] * 6], 0),
    ],
)
def test_a_window_that_is_not_one_says_where(raw: list[list[list[int]]], day: int) -> None:
    with pytest.raises(WindowError) as caught:
        Window.of(raw)
    assert caught.value.day == day


@given(steps=st.lists(st.tuples(moments, st.sampled_from(ZONES)), min_size=1, max_size=10))
def test_the_day_of_usage_never_goes_backwards_whatever_zone_and_clock_do(steps: list[tuple[dt.datetime, str]]) -> None:
    used_on: dt.date | None = None
    for now, zone in steps:
        day = pacing.usage_day(now=now, time_zone=zone, used_on=used_on)
        assert used_on is None or day >= used_on
        assert day >= now.astimezone(ZoneInfo(zone)).date()
        used_on = day


@given(now=moments, zone=st.sampled_from(ZONES))
def test_the_next_day_starts_exactly_when_the_local_date_changes(now: dt.datetime, zone: str) -> None:
    day = now.astimezone(ZoneInfo(zone)).date()
    start = pacing.next_day_start(day, zone)
    assert start.astimezone(ZoneInfo(zone)).date() > day
    assert (start - dt.timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() == day

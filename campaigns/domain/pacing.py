"""When a number may send: the gap between two messages, the window of a campaign, the local day of a limit. Pure."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from campaigns.domain.closed_days import national_holiday
from leads_infinitos.kernel.clock import local_day, start_of_local_day

MINUTES_OF_DAY = 24 * 60
START_BUDGET_S = 10.0  # a send starts this long after its claim at the latest, else it counts as not sent
LEASE_MARGIN_S = 5.0
# A lone weekday may be skipped by a change of clocks, or be Christmas and New Year's Day a week later.
SEARCH_DAYS = 60
LATE_AFTER = dt.timedelta(minutes=60)


def lease_s(call_timeout_s: float) -> float:
    """Seconds after which a claim without a recorded answer is lost: nothing it started can still be under way."""
    return START_BUDGET_S + call_timeout_s + LEASE_MARGIN_S


def draw_gap_s(*, gap_min_s: float, gap_max_s: float, floor_s: float, rng: random.Random) -> float:
    """Seconds from one answer to the next send, drawn evenly from the range and never under the floor."""
    low = max(gap_min_s, floor_s)
    return rng.uniform(low, max(gap_max_s, low))


def is_late_start(starts_at: dt.datetime, *, now: dt.datetime) -> bool:
    """Whether a scheduled start was missed by so much that its owner may no longer want it."""
    return now - starts_at > LATE_AFTER


class WindowError(ValueError):
    """The window is not seven lists of [from, to) minutes; `day` (0 = Monday) says where, -1 for the whole."""

    def __init__(self, day: int) -> None:
        super().__init__(f"window: day {day}")
        self.day = day


@dataclass(frozen=True, slots=True)
class Window:
    """Local hours in which a campaign may send: per weekday (Monday first) intervals [from, to) in minutes.

    With `skip_holidays` it stays closed on national holidays, whatever their weekday says.
    """

    days: tuple[tuple[tuple[int, int], ...], ...]
    skip_holidays: bool = False

    @classmethod
    def of(cls, raw: Sequence[Sequence[Sequence[int]]], *, skip_holidays: bool = False) -> Window:
        """From the stored list [weekday][interval][from, to]. Raises WindowError; a window that never opens is one too."""
        if len(raw) != 7:
            raise WindowError(-1)
        days = []
        for number, intervals in enumerate(raw):
            spans: list[tuple[int, int]] = []
            for interval in sorted(intervals, key=list):
                valid = len(interval) == 2 and all(isinstance(minute, int) for minute in interval)
                if not valid or not 0 <= interval[0] < interval[1] <= MINUTES_OF_DAY:
                    raise WindowError(number)
                if spans and interval[0] < spans[-1][1]:
                    raise WindowError(number)
                spans.append((interval[0], interval[1]))
            days.append(tuple(spans))
        if not any(days):
            raise WindowError(-1)
        return cls(tuple(days), skip_holidays)

    def is_open(self, now: dt.datetime, time_zone: str) -> bool:
        """Whether `now` lies inside an interval of its local day."""
        if self.holiday(now, time_zone):
            return False
        local = now.astimezone(ZoneInfo(time_zone))
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.days[local.weekday()])

    def holiday(self, now: dt.datetime, time_zone: str) -> str:
        """The national holiday that keeps the window closed on the local day of `now`; "" where none does."""
        return national_holiday(local_day(now, time_zone)) if self.skip_holidays else ""

    def next_open(self, now: dt.datetime, time_zone: str) -> dt.datetime:
        """The first moment from `now` on at which the window is open, as UTC: `now` itself when it is."""
        if self.is_open(now, time_zone):
            return now
        today = local_day(now, time_zone)
        for ahead in range(SEARCH_DAYS):
            for moment in self._openings(today + dt.timedelta(days=ahead), time_zone):
                if moment >= now and self.is_open(moment, time_zone):
                    return moment
        raise WindowError(-1)  # a window that `of` accepted opens within the search

    def _openings(self, day: dt.date, time_zone: str) -> Iterator[dt.datetime]:
        """Instants of a local day at which the window may open, in order: the starts of its intervals, as UTC.

        On a day whose clocks change, every minute: the change may skip the start of an interval, or repeat its middle.
        """
        begin, end = start_of_local_day(day, time_zone), start_of_local_day(day + dt.timedelta(days=1), time_zone)
        intervals = self.days[day.weekday()]
        if end - begin == dt.timedelta(days=1):
            yield from (begin + dt.timedelta(minutes=start) for start, _ in intervals)
        elif intervals:
            yield from (
                begin + dt.timedelta(minutes=minute) for minute in range((end - begin) // dt.timedelta(minutes=1))
            )


def usage_day(*, now: dt.datetime, time_zone: str, used_on: dt.date | None) -> dt.date:
    """The local day a send at `now` counts on. It never goes backwards, whatever a change of zone does."""
    today = local_day(now, time_zone)
    return today if used_on is None or today >= used_on else used_on


def next_day_start(day: dt.date, time_zone: str) -> dt.datetime:
    """When the limits of `day` are over: the first instant of the following local day, UTC."""
    return start_of_local_day(day + dt.timedelta(days=1), time_zone)

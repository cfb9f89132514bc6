"""Periods of statistics, in local days of an account."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from leads_infinitos.kernel.clock import start_of_local_day


@dataclass(frozen=True, slots=True)
class Period:
    """Both days inclusive; None = without that end."""

    code: str  # today 7d 30d month custom all
    first: dt.date | None
    last: dt.date | None

    def bounds(self, time_zone: str) -> tuple[dt.datetime | None, dt.datetime | None]:
        """From (inclusive) and to (exclusive), UTC."""
        start = start_of_local_day(self.first, time_zone) if self.first else None
        end = start_of_local_day(self.last + dt.timedelta(days=1), time_zone) if self.last else None
        return start, end


CODES = ("today", "7d", "30d", "month", "custom", "all")


def period_of(code: str, *, today: dt.date, first: dt.date | None = None, last: dt.date | None = None) -> Period:
    """The period a code names on local day `today`; `first` and `last` are for "custom". Raises ValueError."""
    if code == "today":
        return Period(code, today, today)
    if code == "7d":
        return Period(code, today - dt.timedelta(days=6), today)
    if code == "30d":
        return Period(code, today - dt.timedelta(days=29), today)
    if code == "month":
        return Period(code, today.replace(day=1), today)
    if code == "all":
        return Period(code, None, None)
    if code == "custom" and first is not None and last is not None and first <= last:
        return Period(code, first, last)
    raise ValueError(code)

"""Time as a value: an aware UTC instant, and the local day of an account. Nothing here reads a clock by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

UTC = dt.UTC
Clock = Callable[[], dt.datetime]
"""Gives the present as an aware UTC datetime. Services get `now` from whoever called them."""


def local_day(now: dt.datetime, time_zone: str) -> dt.date:
    """The calendar day of `now` in the IANA zone `time_zone`."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def start_of_local_day(day: dt.date, time_zone: str) -> dt.datetime:
    """The first instant of `day` in the zone, as UTC; where midnight does not exist (DST), the first one that does."""
    zone = ZoneInfo(time_zone)
    start = dt.datetime.combine(day, dt.time(), tzinfo=zone).astimezone(UTC)
    while start.astimezone(zone).date() < day:
        start += dt.timedelta(minutes=1)
    return start

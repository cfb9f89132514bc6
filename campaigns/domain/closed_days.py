"""Brazil's national holidays, the days on which a campaign may choose not to send. Pure: no network, no clock."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import holidays


def national_holiday(day: dt.date) -> str:
    """The name, in Portuguese, of the national holiday on this local day; "" on any other. Optional days such as Carnival,
    and those of states and cities, are none.
    """
    return _names(day.year).get(day, "")


@lru_cache(maxsize=8)
def _names(year: int) -> dict[dt.date, str]:
    return dict(holidays.country_holidays("BR", years=year, language="pt_BR"))

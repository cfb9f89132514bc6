"""Instants for properties: 2018 and the winter after it, when São Paulo still changed its clocks at midnight."""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

_FIRST, _LAST = (int(dt.datetime(*day, tzinfo=dt.UTC).timestamp()) for day in ((2018, 1, 1), (2019, 3, 31)))
moments = st.integers(_FIRST, _LAST).map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC))

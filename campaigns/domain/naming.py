"""Names of campaigns that are made from another one."""

from __future__ import annotations

import re
from collections.abc import Collection

_NUMBERED = re.compile(r"(?P<stem>.+?) \(\d{1,4}\)")


def next_name(name: str, *, taken: Collection[str], limit: int = 120) -> str:
    """The first of "Natal (2)", "Natal (3)", … that is not taken, never longer than `limit` characters."""
    numbered = _NUMBERED.fullmatch(name)
    stem = numbered["stem"] if numbered else name
    number = 2
    while True:
        ending = f" ({number})"
        candidate = stem[: limit - len(ending)].rstrip() + ending
        if candidate not in taken:
            return candidate
        number += 1

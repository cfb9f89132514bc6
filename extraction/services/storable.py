"""Texts of a file as every database takes them: PostgreSQL refuses NUL and lone surrogates, columns have a length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

CELL_MAX_CHARS = 2_000
_ESCAPED = re.compile(r"'(?=[=+\-@])")


def storable(text: str, max_chars: int) -> str:
    """The text without what a database refuses, at most `max_chars` long.

    An apostrophe before = + - @ goes: spreadsheets mean "this is text" by it, and our own exports write it.
    """
    return _ESCAPED.sub("", _clean(text), count=1)[:max_chars] if text.startswith("'") else _clean(text)[:max_chars]


def storable_cells(cells: Sequence[str]) -> list[str]:
    """A row as it was read, to give it back; a cell longer than 2,000 characters is cut."""
    return [_clean(cell[:CELL_MAX_CHARS]) for cell in cells]


def storable_json(value: Any) -> Any:
    """Plain data with storable texts in it."""
    if isinstance(value, str):
        return _clean(value[:CELL_MAX_CHARS])
    if isinstance(value, dict):
        return {key: storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value


def _clean(text: str) -> str:
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")

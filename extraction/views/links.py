"""Filters of a page as links: each keeps the others, and an active one leads back to the page without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict


@dataclass(frozen=True)
class Chip:
    """What components/filters.html draws."""

    url: str
    label: str
    is_active: bool
    name: str = ""  # what it sets, for a form that must keep it
    value: str = ""


class Chips:
    """The filters that an address holds. Texts are cut to a sane length and lose NUL, which PostgreSQL refuses."""

    def __init__(self, given: QueryDict, *, kept: Sequence[str]) -> None:
        self._values = {name: value for name in kept if (value := given.get(name, "").replace("\0", "").strip()[:200])}

    @property
    def query(self) -> str:
        """All filters as "a=1&b=2", for links to other pages of the list."""
        return urlencode(self._values)

    def value(self, name: str) -> str:
        return self._values.get(name, "")

    def chip(self, name: str, value: str, label: str) -> Chip:
        """A filter that sets `name` to `value`, or takes it away where it is set."""
        is_active = self._values.get(name) == value
        others = {key: text for key, text in self._values.items() if key != name}
        return Chip(f"?{urlencode(others if is_active else {**others, name: value})}", label, is_active, name, value)

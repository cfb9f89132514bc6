"""What becomes of each row: a lead, a duplicate of an earlier row, a refusal with its reason, not ready, or blank."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress

from extraction.domain.cells import (
    NAME_MAX_CHARS,
    clean_name,
    clean_value,
    header_key,
    is_blank,
    visible,
    without_accents,
)
from extraction.domain.choice import PhoneChoice, choose_phone
from extraction.domain.columns import Layout
from extraction.domain.fields import Field


class Outcome(StrEnum):
    """What a row came to; the five add up to the rows of the file."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    BLANK = "blank"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file and its outcome, the account's own leads left aside."""

    line: int  # as a spreadsheet program numbers it, from 1
    outcome: Outcome
    cells: tuple[str, ...]  # as read, for giving a refused row back
    reason: str | None = None
    name: str | None = None
    phone: str | None = None  # E.164
    kind: str | None = None  # value of kernel.phone.Kind
    contactable: bool = False  # True only for created rows
    col: int | None = None  # where the number, or the reason, came from
    repair: tuple[str, ...] = ()  # what was changed in the number of a created row
    duplicate_of: int | None = None  # line
    wa_ids: tuple[str, ...] = ()  # WhatsApp ids to try, in order
    city: str = ""
    uf: str = ""
    email: str = ""
    place_id: str | None = None
    variables: dict[str, str] = field(default_factory=dict)


_READY = re.compile(r"0*1([.,]0+)?", re.ASCII)
_CLOSED = frozenset({"true", "verdadeiro", "sim", "1"})
_TOTALS = re.compile(
    r"^(sub[ -]?total|totais)\b|^total(\s+(geral|parcial|de|do|da|dos|das)\b.*)?[\s:=-]*[\d.,]*$", re.ASCII
)


def read_rows(rows: Iterable[list[str]], layout: Layout, default_ddd: str | None) -> Iterator[Row]:
    """The outcome of every row that counts, in order; blank rows after the last one that says something are left out."""
    reader = _RowReader(layout, default_ddd)
    next_line = layout.first_row + 1
    for line, cells in enumerate(rows, start=1):
        if line <= layout.first_row or (row := reader.read(line, cells)) is None:
            continue
        for blank_line in range(next_line, line):
            yield Row(blank_line, Outcome.BLANK, ())
        yield row
        next_line = line + 1


class _RowReader:
    """Decides rows one after the other and remembers whose number was seen where."""

    def __init__(self, layout: Layout, default_ddd: str | None) -> None:
        self._layout = layout
        self._default_ddd = default_ddd
        self._line_of_phone: dict[str, int] = {}
        self._status_col = layout.singles.get(Field.STATUS)
        self._closed_col = layout.singles.get(Field.CLOSED)

    def read(self, line: int, cells: list[str]) -> Row | None:
        """The outcome of the row, or None for a blank one."""
        filled = compress(enumerate(cells), cells)
        texts = {col: text for col, cell in filled if not is_blank(text := visible(cell))}
        given = tuple(cells)
        if not texts or texts.keys() == {self._status_col}:
            return None
        if self._repeats_header(texts):
            return Row(line, Outcome.REJECTED, given, reason="repeated_header")
        choice = choose_phone(texts, self._layout.phone_columns, self._default_ddd)
        if not choice.has_number and _is_totals(next(iter(texts.values()))):
            return Row(line, Outcome.REJECTED, given, reason="totals_row")
        name = self._name(cells)
        if self._status_col is not None and not _is_ready(texts.get(self._status_col, "")):
            return Row(line, Outcome.NOT_READY, given, reason="status_not_1", name=name)
        if self._closed_col is not None and texts.get(self._closed_col, "").lower() in _CLOSED:
            return Row(line, Outcome.REJECTED, given, reason="permanently_closed", name=name)
        return self._decide(line, given, texts, name, choice)

    def _decide(
        self, line: int, cells: tuple[str, ...], texts: Mapping[int, str], name: str | None, choice: PhoneChoice
    ) -> Row:
        phone = choice.phone
        if phone.e164 is None:
            return Row(line, Outcome.REJECTED, cells, phone.reason, name=name, kind=phone.kind.value, col=choice.col)
        first_line = self._line_of_phone.setdefault(phone.e164, line)
        is_new = first_line == line
        return Row(
            line,
            Outcome.CREATED if is_new else Outcome.DUPLICATE,
            cells,
            reason=None if is_new else "duplicate",
            name=name,
            phone=phone.e164,
            kind=phone.kind.value,
            contactable=is_new and choice.is_contactable,
            col=choice.col,
            repair=phone.repairs if is_new else (),
            duplicate_of=None if is_new else first_line,
            wa_ids=phone.wa_ids,
            city=self._single(texts, Field.CITY),
            uf=self._single(texts, Field.STATE),
            email=self._single(texts, Field.EMAIL),
            place_id=_one_line(texts, self._layout.place_id_col) or None,
            variables=self._variables(texts),
        )

    def _repeats_header(self, texts: Mapping[int, str]) -> bool:
        keys = self._layout.header_keys
        if len(texts) < min(2, len(self._layout.columns)):
            return False
        return all(col < len(keys) and keys[col] and header_key(text) == keys[col] for col, text in texts.items())

    def _name(self, cells: list[str]) -> str | None:
        layout = self._layout
        surname = clean_name(_text(cells, layout.surname_col))
        if surname and layout.surname_after is None:
            return surname
        for col in layout.name_columns:
            name = clean_name(_text(cells, col))
            if col == layout.surname_after and surname:
                name = f"{name} {surname}"[:NAME_MAX_CHARS].strip() if name else surname
            if name:
                return name
        return None

    def _single(self, texts: Mapping[int, str], which: Field) -> str:
        return _one_line(texts, self._layout.singles.get(which))

    def _variables(self, texts: Mapping[int, str]) -> dict[str, str]:
        return {key: _one_line(texts, col) for col, key in self._layout.variables if col in texts}


def _one_line(texts: Mapping[int, str], col: int | None) -> str:
    return clean_value(texts[col]) if col is not None and col in texts else ""


def _text(cells: list[str], col: int | None) -> str:
    return cells[col] if col is not None and col < len(cells) else ""


def _is_ready(status: str) -> bool:
    return _READY.fullmatch(status.removeprefix("'").strip()) is not None


def _is_totals(text: str) -> bool:
    return _TOTALS.search(without_accents(clean_value(text))) is not None

"""Finding the header row and, from it and from the cells, the layout of a table: one walk over all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress, islice

from extraction.domain.cells import header_key, is_blank, visible
from extraction.domain.columns import (
    SAMPLE_SIZE,
    Layout,
    is_complete_number,
    map_columns,
    map_columns_by_content,
    phone_columns_by_content,
    status_column,
)
from extraction.domain.fields import FIELD_OF_KEY, NAMED_PHONE_FIELDS
from extraction.domain.table import Table

HEADER_SEARCH_ROWS = 30


@dataclass(frozen=True, slots=True)
class Survey:
    """What one walk over a table tells."""

    layout: Layout | None  # None when there is neither a header nor a phone column
    is_blank: bool  # no cell says anything
    has_header: bool
    has_data: bool  # a row below the header says something

    @property
    def has_phones(self) -> bool:
        """Whether the table has a phone column."""
        return self.layout is not None and self.layout.has_phones

    @property
    def importable(self) -> Layout | None:
        """The layout to read leads by, or None when the table has no phone column or no row of data."""
        return self.layout if self.has_phones and self.has_data else None


def survey(table: Table) -> Survey:
    """The layout of a table and whether anything stands in it."""
    rows = table.rows()
    top = list(islice(rows, HEADER_SEARCH_ROWS))
    header_row = _find_header(top)
    if header_row is None:
        return _survey_without_header(chain(top, rows))
    header = top[header_row]
    keys = [header_key(cell) for cell in header]
    walk = _Walk.over(chain(top[header_row + 1 :], rows), ignored_col=status_column(keys))
    layout = map_columns(header, walk.samples, frozenset(walk.samples), header_row, header_row + 1)
    return Survey(layout, is_blank=False, has_header=True, has_data=walk.data_row_count > 0)


def _find_header(top: Sequence[Sequence[str]]) -> int | None:
    for index, row in enumerate(top):
        fields = [FIELD_OF_KEY[key] for key in map(header_key, row) if key in FIELD_OF_KEY]
        is_header = len(fields) >= 2 or any(field in NAMED_PHONE_FIELDS for field in fields)
        if is_header and not any(is_complete_number(cell) for cell in row):
            return index
    return None


def _survey_without_header(rows: Iterator[list[str]]) -> Survey:
    walk = _Walk.over(rows, ignored_col=None)
    if walk.first_row is None:
        return Survey(None, is_blank=True, has_header=False, has_data=False)
    phone_cols = phone_columns_by_content(walk.samples)
    if not phone_cols:
        return Survey(None, is_blank=False, has_header=False, has_data=True)
    first_index, first = walk.first_row
    title = visible(first[phone_cols[0]]) if phone_cols[0] < len(first) else ""
    if is_blank(title) or any(map(str.isdigit, title)):
        layout = map_columns_by_content(walk.samples, phone_cols, first_index)
        return Survey(layout, is_blank=False, has_header=False, has_data=True)
    samples = {col: cells[1:] if col in walk.first_columns else cells for col, cells in walk.samples.items()}
    data_columns = frozenset(col for col, cells in samples.items() if cells)
    layout = map_columns(first, samples, data_columns, first_index, first_index + 1)
    return Survey(layout, is_blank=False, has_header=True, has_data=walk.data_row_count > 1)


@dataclass(slots=True)
class _Walk:
    """The first non-blank cells of each column, and how many rows say anything."""

    samples: dict[int, list[str]]
    data_row_count: int
    first_row: tuple[int, list[str]] | None

    @classmethod
    def over(cls, rows: Iterator[list[str]], ignored_col: int | None) -> _Walk:
        walk = cls({}, 0, None)
        for index, row in enumerate(rows):
            has_data = False
            for col, cell in compress(enumerate(row), row):
                sample = walk.samples.get(col)
                if sample is not None and len(sample) >= SAMPLE_SIZE and (has_data or col == ignored_col):
                    continue
                if is_blank(visible(cell)):
                    continue
                has_data = has_data or col != ignored_col
                sample = walk.samples.setdefault(col, [])
                if len(sample) < SAMPLE_SIZE:
                    sample.append(cell)
            walk.data_row_count += has_data
            if has_data and walk.first_row is None:
                walk.first_row = index, row
        return walk

    @property
    def first_columns(self) -> frozenset[int]:
        """The columns whose first sample stands in the first row that says anything."""
        row = self.first_row[1] if self.first_row else []
        return frozenset(col for col, cell in enumerate(row) if not is_blank(visible(cell)))

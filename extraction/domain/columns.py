"""Which column of a table holds what, decided from the header and, where it is silent, from the cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from extraction.domain.cells import clean_value, header_key, variable_key, visible
from extraction.domain.fields import (
    COMPANY_CLASS,
    CONTACT_CLASS,
    CONTACT_NAME_KEYS,
    FIELD_OF_KEY,
    FIRST_PHONE_KEY,
    NAME_CLASS_OF_KEY,
    NAMED_PHONE_FIELDS,
    PERSON_CLASS,
    PHONE_FIELDS,
    PLACE_ID_KEY,
    SINGLE_FIELDS,
    TRADE_CLASS,
    Field,
)
from leads_infinitos.kernel.phone import Kind, parse_all

SAMPLE_SIZE = 20  # non-blank cells of a column that decide what it holds
_COMPLETE_KINDS = frozenset({Kind.MOBILE, Kind.LANDLINE, Kind.SERVICE, Kind.FOREIGN})

Samples = Mapping[int, Sequence[str]]  # column -> its first non-blank cells below the header


@dataclass(frozen=True, slots=True)
class Column:
    """One column with a header or data, as it is shown to the user."""

    col: int  # from 0 at the sheet's first column
    header: str | None
    field: Field
    key: str | None = None  # name of the variable; None for the other fields
    name_class: int = 0  # 1 (best) to 5 for names, 0 for the others


@dataclass(frozen=True, slots=True)
class PhoneColumn:
    """A column to look for a phone in, and the column that holds its DDD."""

    col: int
    field: Field
    ddd_col: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is. Phone and name columns stand in order of precedence."""

    header_row: int | None  # from 0; None when the table has no header
    first_row: int  # the first row that counts
    header_keys: tuple[str, ...]  # by column; "" where the header is blank
    columns: tuple[Column, ...]
    phone_columns: tuple[PhoneColumn, ...]
    name_columns: tuple[int, ...]
    surname_col: int | None
    surname_after: int | None  # the name column that the surname completes
    variables: tuple[tuple[int, str], ...]  # (column, key); company names are variables too
    place_id_col: int | None
    singles: Mapping[Field, int] = field(default_factory=dict)  # cidade, uf, email, status, permanently_closed

    @property
    def has_phones(self) -> bool:
        """Whether some column can give a lead a phone; websites alone do not."""
        return any(column.field is not Field.WEBSITE for column in self.phone_columns)


def is_complete_number(cell: str) -> bool:
    """Whether a cell holds a number that needs no DDD from elsewhere."""
    return any(phone.kind in _COMPLETE_KINDS for phone in parse_all(cell))


def phone_columns_by_content(samples: Samples) -> list[int]:
    """The columns, left to right, of which at least half of the sampled cells are complete numbers."""
    return [col for col, cells in sorted(samples.items()) if _is_half(cells, is_complete_number)]


def status_column(header_keys: Sequence[str]) -> int | None:
    """The leftmost column that says whether a row is ready, or None."""
    return header_keys.index(Field.STATUS.value) if Field.STATUS.value in header_keys else None


def map_columns(
    header: Sequence[str], samples: Samples, data_columns: frozenset[int], header_row: int, first_row: int
) -> Layout:
    """The layout of a table with a header row; `data_columns` are those with any non-blank cell below it."""
    texts = [clean_value(cell) for cell in header]
    keys = tuple(header_key(cell) for cell in header)
    columns = _read_header(texts, keys, samples, data_columns)
    if not any(column.field in NAMED_PHONE_FIELDS or column.field is Field.CONTACT for column in columns):
        unmapped = {column.col: samples.get(column.col, ()) for column in columns if column.field is Field.VARIABLE}
        by_content = set(phone_columns_by_content(unmapped))
        columns = [
            Column(column.col, column.header, Field.PHONE) if column.col in by_content else column for column in columns
        ]
    return _layout(_with_keys(columns), keys, header_row, first_row)


def map_columns_by_content(samples: Samples, phone_cols: Sequence[int], first_row: int) -> Layout:
    """The layout of a table without a header row."""
    name_col = next(
        (col for col in sorted(samples) if col not in phone_cols and _is_half(samples[col], _is_name)), None
    )
    columns = []
    for col in sorted(samples):
        if col in phone_cols:
            columns.append(Column(col, None, Field.PHONE))
        elif col == name_col:
            columns.append(Column(col, None, Field.NAME, name_class=PERSON_CLASS))
        else:
            columns.append(Column(col, None, Field.VARIABLE))
    return _layout(_with_keys(columns), (), None, first_row)


def _is_half(cells: Sequence[str], test: Callable[[str], bool]) -> bool:
    return bool(cells) and 2 * sum(map(test, cells)) >= len(cells)


def _is_name(cell: str) -> bool:
    text = visible(cell)
    return len(text) > 2 and "@" not in text and "://" not in text and any(map(str.isalpha, text[:200]))


def _read_header(
    texts: Sequence[str], keys: Sequence[str], samples: Samples, data_columns: frozenset[int]
) -> list[Column]:
    columns: list[Column] = []
    used: set[Field] = set()
    for col in sorted(data_columns | {col for col, text in enumerate(texts) if text}):
        key, text = (keys[col], texts[col]) if col < len(keys) else ("", "")
        name_class = NAME_CLASS_OF_KEY.get(key, 0)
        found = FIELD_OF_KEY.get(key, Field.VARIABLE)
        if found is Field.CONTACT and not _is_half(samples.get(col, ()), is_complete_number):
            is_person = key in CONTACT_NAME_KEYS
            found, name_class = (Field.NAME, CONTACT_CLASS) if is_person else (Field.VARIABLE, 0)
        if found in SINGLE_FIELDS and found in used:
            found = Field.VARIABLE
        used.add(found)
        columns.append(Column(col, text or None, found, name_class=name_class))
    return columns


def _with_keys(columns: Sequence[Column]) -> list[Column]:
    """The columns with a name for each variable: taken from its header, numbered where headers repeat or are blank."""
    taken: set[str] = set()
    named: list[Column] = []
    for column in columns:
        base = variable_key(column.header or "") or f"coluna_{column.col + 1}"
        key, number = base, 1
        while key in taken:
            number += 1
            key = f"{base}_{number}"
        taken.add(key)
        named.append(replace(column, key=key))
    return named


def _layout(columns: Sequence[Column], keys: tuple[str, ...], header_row: int | None, first_row: int) -> Layout:
    singles: dict[Field, int] = {}
    for column in columns:
        if column.field in SINGLE_FIELDS:
            singles.setdefault(column.field, column.col)
    names = sorted((column for column in columns if column.field is Field.NAME), key=lambda column: column.name_class)
    return Layout(
        header_row=header_row,
        first_row=first_row,
        header_keys=keys,
        columns=tuple(column if column.field is Field.VARIABLE else replace(column, key=None) for column in columns),
        phone_columns=_phone_columns(columns, keys),
        name_columns=tuple(column.col for column in names),
        surname_col=singles.pop(Field.SURNAME, None),
        surname_after=names[0].col if names and names[0].name_class == PERSON_CLASS else None,
        variables=tuple((column.col, column.key) for column in columns if column.key and _is_variable(column)),
        place_id_col=keys.index(PLACE_ID_KEY) if PLACE_ID_KEY in keys else None,
        singles=singles,
    )


def _is_variable(column: Column) -> bool:
    return column.field is Field.VARIABLE or TRADE_CLASS <= column.name_class <= COMPANY_CLASS


def _phone_columns(columns: Sequence[Column], keys: Sequence[str]) -> tuple[PhoneColumn, ...]:
    found: list[tuple[int, bool, PhoneColumn]] = []
    ddd_col: int | None = None
    for column in columns:
        if column.field is Field.DDD:
            ddd_col = column.col
        elif column.field in PHONE_FIELDS:
            is_later = not (column.col < len(keys) and keys[column.col] == FIRST_PHONE_KEY)
            phone_column = PhoneColumn(column.col, column.field, ddd_col)
            found.append((PHONE_FIELDS.index(column.field), is_later, phone_column))
    return tuple(phone_column for _, _, phone_column in sorted(found, key=lambda item: item[:2]))

"""Reading a spreadsheet of leads: bytes in, layout and row outcomes out. Nothing is executed and nothing is fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extraction.domain.archive import Archive
from extraction.domain.columns import Layout
from extraction.domain.csv_table import CsvTable
from extraction.domain.encoding import decode
from extraction.domain.layout import Survey, survey
from extraction.domain.rejection import FileRejectedError, Reason
from extraction.domain.rows import Outcome, Row, read_rows
from extraction.domain.sniff import Container, check_no_markup, sniff
from extraction.domain.table import Table
from extraction.domain.workbook import Sheet, Workbook, open_workbook
from extraction.domain.xlsx_table import SharedStrings, XlsxTable


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was understood. A rejected one has a reason and no rows; it is an answer, not an error."""

    outcome: str  # "imported" or "rejected"
    reason: str | None  # code of rejection.Reason
    read: dict[str, Any] | None  # format, sheet or delimiter, header row, columns: what the user confirms
    layout: Layout | None = None
    table: Table | None = None
    default_ddd: str | None = None

    @property
    def phone_columns(self) -> tuple[int, ...]:
        """The phone columns, from 0, in order of precedence."""
        return tuple(column.col for column in self.layout.phone_columns) if self.layout else ()

    @property
    def name_columns(self) -> tuple[int, ...]:
        """The name columns, from 0, in order of precedence."""
        return self.layout.name_columns if self.layout else ()

    def rows(self) -> Iterator[Row]:
        """Every row that counts, with its outcome; afresh at each call. The file must still be there."""
        if self.table is None or self.layout is None:
            return iter(())
        return read_rows(self.table.rows(), self.layout, self.default_ddd)


def read_spreadsheet(path: Path, *, default_ddd: str | None) -> Reading:
    """How a CSV or XLSX file is understood. Its name plays no part; a file that cannot be read gives a rejected reading.

    `default_ddd` completes numbers without a DDD, and such rows say so in `repair`.
    """
    try:
        data = path.read_bytes()
        if sniff(data) is Container.TEXT:
            return _read_text(data, default_ddd)
        del data
        return _read_workbook(path, default_ddd)
    except FileRejectedError as refusal:
        return Reading("rejected", refusal.reason.value, None)


def as_expected_json(reading: Reading, rows: Iterable[Row]) -> dict[str, Any]:
    """The reading and its rows as plain data: outcome, reason, read, counts, by_reason, contactable, rows."""
    listed = [_row_json(row) for row in rows]
    outcomes = Counter(row["outcome"] for row in listed)
    reasons = Counter(row["reason"] for row in listed if row["outcome"] == Outcome.REJECTED)
    return {
        "outcome": reading.outcome,
        "reason": reading.reason,
        "read": reading.read,
        "counts": {"rows_in_file": len(listed), **{outcome.value: outcomes[outcome.value] for outcome in Outcome}},
        "by_reason": dict(sorted(reasons.items())),
        "contactable": sum(row["contactable"] for row in listed),
        "rows": listed,
    }


def _read_text(data: bytes, default_ddd: str | None) -> Reading:
    decoded = decode(data)
    check_no_markup(decoded.text)
    table = CsvTable.of(decoded.text)
    found = survey(table)
    if found.importable is None:
        raise FileRejectedError(_reason_of_table(found))
    described = {
        "format": "csv",
        "encoding": decoded.encoding,
        "bom": decoded.has_bom,
        "delimiter": table.delimiter,
    }
    return _reading(described, table, found.importable, default_ddd)


def _reason_of_table(found: Survey) -> Reason:
    if found.is_blank:
        return Reason.EMPTY_FILE
    return Reason.NO_DATA_ROWS if found.has_header and not found.has_data else Reason.NO_PHONE_COLUMN


def _read_workbook(path: Path, default_ddd: str | None) -> Reading:
    with Archive(path) as archive:
        workbook = open_workbook(archive)
        strings = SharedStrings.read(archive, workbook.shared_strings)
    ignored: dict[str, str] = {}
    surveys: list[Survey] = []
    for sheet in _readable_sheets(workbook):
        table = XlsxTable(path, sheet.part or "", strings)
        found = survey(table)
        if found.importable is not None:
            described = {
                "format": "xlsx",
                "sheet": sheet.name,
                "sheets_ignored": _ignored_sheets(workbook, sheet, ignored),
            }
            return _reading(described, table, found.importable, default_ddd)
        surveys.append(found)
        ignored[sheet.name] = _why_ignored(found)
    raise FileRejectedError(_reason_of_workbook(surveys))


def _readable_sheets(workbook: Workbook) -> Iterator[Sheet]:
    return (sheet for sheet in workbook.sheets if sheet.why_ignored is None and sheet.part is not None)


def _ignored_sheets(workbook: Workbook, used: Sheet, ignored: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"name": sheet.name, "why": sheet.why_ignored or ignored.get(sheet.name, "a sheet before it was used")}
        for sheet in workbook.sheets
        if sheet is not used
    ]


def _why_ignored(found: Survey) -> str:
    if found.is_blank:
        return "blank"
    return "no data rows" if found.has_phones else "no phone column"


def _reason_of_workbook(surveys: list[Survey]) -> Reason:
    if all(found.is_blank for found in surveys):
        return Reason.EMPTY_FILE
    return Reason.NO_DATA_ROWS if any(found.has_phones for found in surveys) else Reason.NO_PHONE_COLUMN


def _reading(described: dict[str, Any], table: Table, layout: Layout, default_ddd: str | None) -> Reading:
    columns = [
        {"col": column.col, "header": column.header, "field": column.field.value}
        | ({"key": column.key} if column.key else {})
        for column in layout.columns
    ]
    read = described | {
        "header_row": layout.header_row,
        "columns": columns,
        "phone_columns": [column.col for column in layout.phone_columns],
        "name_columns": list(layout.name_columns),
    }
    return Reading("imported", None, read, layout, table, default_ddd)


def _row_json(row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "line": row.line,
        "outcome": row.outcome.value,
        "reason": row.reason,
        "name": row.name,
        "phone": row.phone,
        "kind": row.kind,
        "contactable": row.contactable,
    }
    if row.col is not None:
        shown["col"] = row.col
    if row.repair:
        shown["repair"] = list(row.repair)
    if row.duplicate_of is not None:
        shown["duplicate_of"] = row.duplicate_of
    return shown

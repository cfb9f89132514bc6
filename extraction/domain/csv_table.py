"""Delimited text: line ends, delimiter, quotes, and the damage that programs leave in them.

RFC 4180 with two mercies: a quote inside an unquoted cell is a plain character, and an opening quote that nobody closes is
dropped instead of swallowing the rest of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from extraction.domain.cells import is_blank, visible
from extraction.domain.table import MAX_COLUMNS

DELIMITERS = (";", "\t", ",", "|")
_PROBE_ROWS = 50
_TWICE_SAVED_SHARE = 0.9
_QUOTED = re.compile('"((?:[^"]++|"")*+)"')  # possessive: an unclosed quote costs one pass and no memory
_LINE_END = re.compile("\r\n|\r|\n")
_SEP_LINE = re.compile('"?sep=([^\r\n"])"?(?:\r\n|\r|\n|$)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A delimited text; `delimiter` is None when it has one column."""

    text: str
    delimiter: str | None
    start: int = 0  # where the rows begin: after a `sep=` line
    has_sep_line: bool = False

    @classmethod
    def of(cls, text: str) -> CsvTable:
        """The table of a decoded file."""
        sep = _SEP_LINE.match(text)
        if sep is not None:
            return cls(text, sep[1], sep.end(), has_sep_line=True)
        delimiter = _find_delimiter(text)
        if delimiter is None and (inner := _inner_text(text)) is not None:
            return cls(inner, _find_delimiter(inner))
        return cls(text, delimiter)

    def rows(self) -> Iterator[list[str]]:
        """Every row; a `sep=` line is a row without cells."""
        if self.has_sep_line:
            yield []
        for cells, _ in _split_rows(self.text, self.delimiter, self.start):
            yield cells


def _find_delimiter(text: str) -> str | None:
    best: tuple[float, int, str] | None = None
    for delimiter in DELIMITERS:
        probe = [cells for cells, _ in islice(_split_rows(text, delimiter), _PROBE_ROWS) if _has_text(cells)]
        counts = Counter(map(len, probe))
        if not counts:
            return None
        width, frequency = max(counts.items(), key=lambda item: (item[1], item[0]))
        share = frequency / len(probe)
        if width >= 2 and (best is None or (share, width) > best[:2]):
            best = (share, width, delimiter)
    return best[2] if best else None


def _inner_text(text: str) -> str | None:
    """The lines inside the cells of a file saved twice, where every row became one quoted cell; else None."""
    lines: list[str] = []
    row_count = twice_saved_count = 0
    for cells, is_quoted in _split_rows(text, None):
        line = cells[0] if cells else ""
        lines.append(line)
        if _has_text(cells):
            row_count += 1
            twice_saved_count += is_quoted and any(delimiter in line for delimiter in DELIMITERS)
    is_twice_saved = twice_saved_count and twice_saved_count >= row_count * _TWICE_SAVED_SHARE
    return "\n".join(lines) if is_twice_saved else None


def _has_text(cells: list[str]) -> bool:
    return any(not is_blank(visible(cell)) for cell in cells)


def _split_rows(text: str, delimiter: str | None, start: int = 0) -> Iterator[tuple[list[str], bool]]:
    """Each row, and whether its first cell was quoted."""
    position, end = start, len(text)
    cell_end = re.compile(f"[\r\n{re.escape(delimiter or '')}]")
    while position < end:
        line_end = _LINE_END.search(text, position)
        stop = line_end.start() if line_end else end
        if text.find('"', position, stop) == -1:
            line = text[position:stop]
            yield _split_line(line, delimiter), False
            position = line_end.end() if line_end else end
            continue
        is_quoted = text[position] == '"'
        cells, position = _split_quoted_row(text, position, delimiter, cell_end)
        yield cells, is_quoted


def _split_line(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None or not line:
        return [line] if line else []
    return line.split(delimiter, MAX_COLUMNS)[:MAX_COLUMNS]


def _split_quoted_row(
    text: str, position: int, delimiter: str | None, cell_end: re.Pattern[str]
) -> tuple[list[str], int]:
    """The cells of a row that holds quotes, and where the next row starts."""
    cells: list[str] = []
    end = len(text)
    while True:
        quoted = ""
        if position < end and text[position] == '"':
            closed = _QUOTED.match(text, position)
            if closed is not None:
                quoted = closed[1].replace('""', '"')
            position = closed.end() if closed else position + 1
        match = cell_end.search(text, position)
        stop = match.start() if match else end
        if len(cells) < MAX_COLUMNS:
            cells.append(quoted + text[position:stop])
        if match is None:
            return cells, end
        if match[0] == delimiter:
            position = match.end()
            continue
        is_crlf = text.startswith("\r\n", stop)
        return cells, stop + (2 if is_crlf else 1)

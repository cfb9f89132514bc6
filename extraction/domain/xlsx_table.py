"""The rows of one worksheet, streamed: memory follows the widest row and the shared texts, never the sheet.

Written here rather than left to a library because the import policy wants the cached value as text, trusts neither
`<dimension>` nor missing references, and must not reserve a dense range for one cell at XFD1048576.
"""

from __future__ import annotations

import re
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from xml.parsers import expat

from extraction.domain.archive import Archive, parse_xml
from extraction.domain.table import MAX_COLUMNS
from extraction.domain.workbook import local_name

MAX_ROWS = 1_048_576  # of a worksheet, by its format

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_DIGITS = re.compile("-?[0-9]+", re.ASCII)


class SharedStrings:
    """The texts that cells name by number, packed in one buffer: a million short texts cost their bytes, not objects."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")

    @classmethod
    def read(cls, archive: Archive, part: str | None) -> SharedStrings:
        """The shared texts of a part; none when the workbook has no such part."""
        strings = cls()
        if part is None:
            return strings
        text = _RunText()

        def start(name: str, _attributes: object) -> None:
            text.start(local_name(name))

        def end(name: str) -> None:
            name = local_name(name)
            text.end(name)
            if name == "si":
                strings.append(text.take())

        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text.add
        for _ in parse_xml(archive.pieces(part), parser):
            pass
        return strings

    def append(self, text: str) -> None:
        """Add the next text."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def __getitem__(self, reference: str) -> str:
        """The text of that number; "" for a number that names none."""
        number = int(reference) if _DIGITS.fullmatch(reference) and len(reference) < 10 else -1
        if not 0 <= number < len(self._ends):
            return ""
        begin = self._ends[number - 1] if number else 0
        return self._bytes[begin : self._ends[number]].decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class XlsxTable:
    """One worksheet; the file is opened again at each walk, so it must still be there."""

    path: Path
    part: str
    strings: SharedStrings

    def rows(self) -> Iterator[list[str]]:
        """Every row as texts: numbers without exponent, booleans as TRUE and FALSE, formulas by their cached value."""
        reader = _SheetReader(self.strings)
        yielded = 0
        with Archive(self.path) as archive:
            for _ in parse_xml(archive.pieces(self.part), reader.parser):
                while reader.ready:
                    number, cells = reader.ready.popleft()
                    for _missing in range(number - yielded - 1):
                        yield []
                    yield cells
                    yielded = number


def number_text(raw: str) -> str:
    """A number of a cell as a person would type it: digits only when it is whole, else its shortest decimal."""
    raw = raw.strip()
    if _DIGITS.fullmatch(raw):
        return str(int(raw)) if len(raw) < 400 else raw
    try:
        number = float(raw)
    except ValueError:
        return raw
    if number.is_integer():
        return str(int(number))
    return format(Decimal(repr(number)), "f") if number - number == 0 else raw


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    return parser


class _RunText:
    """The text of an item made of runs; the reading aid of an East Asian text (rPh) is no part of it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._is_open = False
        self._aid_depth = 0

    def start(self, name: str) -> None:
        if name == "t":
            self._is_open = self._aid_depth == 0
        elif name == "rPh":
            self._aid_depth += 1

    def end(self, name: str) -> None:
        if name == "t":
            self._is_open = False
        elif name == "rPh":
            self._aid_depth -= 1

    def add(self, text: str) -> None:
        if self._is_open:
            self._pieces.append(text)

    def take(self) -> str:
        text = "".join(self._pieces)
        self._pieces.clear()
        # Office writes characters that XML cannot hold as _x000D_ (ECMA-376 part 1, 22.9.2.19).
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


class _SheetReader:
    """expat handlers of one worksheet; finished rows wait in `ready` as (row number from 1, texts)."""

    def __init__(self, strings: SharedStrings) -> None:
        self.ready: deque[tuple[int, list[str]]] = deque()
        self.parser = _parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._strings = strings
        self._inline = _RunText()
        self._cells: list[str] = []
        self._row = 0  # number of the current row, 0 while unknown
        self._last_row = 0
        self._column = -1
        self._type = "n"
        self._value: list[str] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = local_name(name)
        if name == "c":
            self._start_cell(attributes)
        elif name == "v":
            self._value.clear()
            self.parser.CharacterDataHandler = self._value.append
        elif name == "row":
            self._cells, self._column = [], -1
            self._row = self._known_row(attributes.get("r", ""))
        elif name in ("is", "t", "rPh"):
            if name == "is":
                self.parser.CharacterDataHandler = self._inline.add
            self._inline.start(name)

    def _end(self, name: str) -> None:
        if ":" in name:
            name = local_name(name)
        if name == "v" or name == "is":
            self.parser.CharacterDataHandler = None
        elif name == "c":
            self._end_cell()
        elif name == "row":
            number = self._row or self._last_row + 1
            if number <= MAX_ROWS:
                self.ready.append((number, self._cells))
                self._last_row = number
        elif name in ("t", "rPh"):
            self._inline.end(name)

    def _known_row(self, text: str) -> int:
        number = int(text) if _DIGITS.fullmatch(text) and len(text) < 9 else 0
        return number if self._last_row < number <= MAX_ROWS else 0

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._type = attributes.get("t", "n")
        self._value.clear()
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        column = _column_number(reference[1]) if reference else self._column + 1
        self._column = column if column < MAX_COLUMNS else self._column + 1
        if reference and not self._row:
            self._row = self._known_row(reference[2])

    def _end_cell(self) -> None:
        text = self._cell_text()
        if not text or self._column >= MAX_COLUMNS:
            return
        missing = self._column + 1 - len(self._cells)
        if missing > 0:
            self._cells.extend([""] * missing)
        self._cells[self._column] = text

    def _cell_text(self) -> str:
        inline = self._inline.take()
        value = "".join(self._value)
        match self._type:
            case "s":
                return self._strings[value.strip()]
            case "inlineStr":
                return inline or value
            case "b":
                return ("TRUE" if value.strip() in ("1", "true") else "FALSE") if value.strip() else ""
            case "n":
                return number_text(value) if value else inline
            case _:
                return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value) if "_x" in value else value


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1

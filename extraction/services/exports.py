"""Leads and refused rows as files: CSV for any program, XLSX for Excel. No cell can become a formula, and what goes out comes in.

Reading an export gives the same leads: a contactable fixed line carries its WhatsApp link (the evidence an import asks for),
and the apostrophe that keeps a text from being a formula is taken off again by the import.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from extraction.models import Lead, LeadList
from leads_infinitos.kernel.phone import format_national

BOM = "\ufeff"  # without it Excel reads UTF-8 as cp1252
DELIMITER = ";"  # what a Brazilian Excel splits a CSV by
CHUNK_BYTES = 32 * 1024
CELL_MAX_CHARS = 32_767  # of XLSX
COLUMNS = ("Nome", "Telefone", "Link do WhatsApp", "Cidade", "UF", "E-mail", "Status")
# A spreadsheet program computes a cell that starts so, also one that came from a CSV.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-[0-9]+([.,][0-9]+)?")
# Control characters that XML cannot hold.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def safe(text: str) -> str:
    """The text as a cell that no spreadsheet program computes; a plain negative number is left as it is."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text) else text


def lead_table(*, lead_list: LeadList, leads: Iterable[Lead]) -> Iterator[list[str]]:
    """Header and rows of an export. Status is 1 for leads that can be messaged, else 0, as an import reads it."""
    keys = list(lead_list.variable_keys)
    yield [*COLUMNS, *keys]
    for lead in leads:
        fixed = [
            lead.name,
            format_national(lead.phone) if lead.phone else "",
            f"https://wa.me/{lead.phone.removeprefix('+')}" if lead.phone and lead.contactable else "",
            lead.city,
            lead.uf,
            lead.email,
            "1" if lead.contactable else "0",
        ]
        yield [*fixed, *(str(lead.variables.get(key, "")) for key in keys)]


def csv_chunks(table: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The table as UTF-8 CSV with a byte order mark, a piece at a time."""
    buffer = io.StringIO()
    buffer.write(BOM)
    writer = csv.writer(buffer, delimiter=DELIMITER, lineterminator="\r\n")
    for row in table:
        writer.writerow([safe(cell) for cell in row])
        if buffer.tell() >= CHUNK_BYTES:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


def xlsx_file(table: Iterable[Sequence[str]], *, title: str) -> IO[bytes]:
    """The table as an XLSX workbook in a temporary file that is gone when closed; every cell is text."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title=re.sub(r"[\\/*?:\[\]]", " ", title).strip()[:31] or "Leads")
    for row in table:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=safe(_NOT_XML.sub("", text))[:CELL_MAX_CHARS])
            cell.data_type = "s"  # openpyxl would take a leading "=" for a formula
            cells.append(cell)
        sheet.append(cells)
    file = tempfile.TemporaryFile(prefix="leads-export-")  # noqa: SIM115 - the response closes it
    workbook.save(file)
    file.seek(0)
    return file


def rejected_table(*, header: Sequence[str], rows: Iterable[tuple[int, str, Sequence[str]]]) -> Iterator[list[str]]:
    """Header and rows of the refused rows, given as (line, why, cells): as they were, with the line and the reason after."""
    width = len(header)
    yield [*header, "Linha na planilha", "Por que não entrou"]
    for line, why, cells in rows:
        given = [*cells[:width], *([""] * (width - len(cells)))]
        yield [*given, str(line), why]

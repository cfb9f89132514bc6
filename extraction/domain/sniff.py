"""What kind of file the bytes are, whatever their name says."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum

from extraction.domain.rejection import FileRejectedError, Reason


class Container(StrEnum):
    """How the bytes of a readable file are to be opened."""

    TEXT = "text"
    ZIP = "zip"


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NEVER_SPREADSHEETS = (  # PDF, PNG, JPEG, GIF, gzip, 7z, RAR
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
)
_BLANK_BYTES = b" \t\r\n\x0b\x0c\x00"
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TEXT_AFTER_PK = re.compile(rb"PK[\t\r\n\x20-\x7e]")
_OLE_ENTRY_BYTES = 128
_OLE_STREAM = 2
_MARKUP_START = re.compile("[\\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*<")


def sniff(data: bytes) -> Container:
    """The container of the bytes; raises FileRejectedError for what no importer of lists can read."""
    if _is_empty(data):
        raise FileRejectedError(Reason.EMPTY_FILE)
    if data.startswith(_OLE):
        raise FileRejectedError(_ole_reason(data))
    if data.startswith(b"PK") and not _TEXT_AFTER_PK.match(data):  # "PK;nome" is a header, not a ZIP
        return Container.ZIP
    if data.startswith(_NEVER_SPREADSHEETS):
        raise FileRejectedError(Reason.NOT_A_SPREADSHEET)
    return Container.TEXT


def check_no_markup(text: str) -> None:
    """Raise FileRejectedError(unsupported_format) when the text is an HTML or XML table saved under another name."""
    if _MARKUP_START.match(text):
        raise FileRejectedError(Reason.UNSUPPORTED_FORMAT)


def _is_empty(data: bytes) -> bool:
    for bom in _BOMS:
        data = data.removeprefix(bom)
    return not data.strip(_BLANK_BYTES)


def _ole_reason(data: bytes) -> Reason:
    if _has_ole_stream(data, "EncryptedPackage"):
        return Reason.PASSWORD_PROTECTED
    if _has_ole_stream(data, "Workbook") or _has_ole_stream(data, "Book"):
        return Reason.LEGACY_XLS
    return Reason.NOT_A_SPREADSHEET


def _has_ole_stream(data: bytes, name: str) -> bool:
    """Whether a directory entry of that name stands anywhere; entries are 128 bytes and 128-aligned ([MS-CFB] 2.6).

    The sector chain is not followed, so that a damaged or hostile one cannot mislead or stall the reader.
    """
    encoded = name.encode("utf-16-le") + b"\x00\x00"
    position = data.find(encoded)
    while position != -1:
        entry = data[position : position + _OLE_ENTRY_BYTES]
        is_entry = position % _OLE_ENTRY_BYTES == 0 and len(entry) == _OLE_ENTRY_BYTES
        if is_entry and int.from_bytes(entry[64:66], "little") == len(encoded) and entry[66] == _OLE_STREAM:
            return True
        position = data.find(encoded, position + 2)
    return False

"""Why a whole file is refused: one code each, raised inside the reader and answered as a rejected reading."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Codes of a refused file. Bad rows never refuse a file."""

    EMPTY_FILE = "empty_file"
    NO_DATA_ROWS = "no_data_rows"  # a header, and no row below it
    NO_PHONE_COLUMN = "no_phone_column"
    NOT_A_SPREADSHEET = "not_a_spreadsheet"
    UNSUPPORTED_FORMAT = "unsupported_format"  # OpenDocument, binary workbook, HTML or XML table
    LEGACY_XLS = "legacy_xls"  # Excel 97-2003
    PASSWORD_PROTECTED = "password_protected"  # noqa: S105 (a code, not a secret)
    CORRUPT_FILE = "corrupt_file"
    ZIP_BOMB = "zip_bomb"
    UNSAFE_XML = "unsafe_xml"


class FileRejectedError(Exception):
    """The bytes cannot be read as a list of leads, for `reason`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason

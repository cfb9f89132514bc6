"""From the bytes of a text file to its text, for the encodings that Brazilian spreadsheets really come in."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from extraction.domain.rejection import FileRejectedError, Reason

_UTF16_PROBE_BYTES = 4_096
_UTF16_NUL_SHARE = 0.4
_BINARY_CONTROL_SHARE = 0.05
_MIXED_UTF8_RATIO = 3  # valid sequences per invalid byte that still make a UTF-8 file

_CONTROL_BYTES = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_ASCII_BYTES = bytes(range(0x80))
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_PORTUGUESE = "áàâãéêíóôõúüçÁÀÂÃÉÊÍÓÔÕÚÜÇªº"
# cp1252 leaves five bytes undefined; browsers and Excel read them as the C1 controls of the same number.
_CP1252 = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
_MAC_ROMAN = "".join(bytes([byte]).decode("mac_roman") for byte in range(256))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and how it was read."""

    text: str
    encoding: str
    has_bom: bool


def decode(data: bytes) -> Decoded:
    """The text of the file; raises FileRejectedError(not_a_spreadsheet) when the bytes are no text at all."""
    utf16 = _utf16_label(data)
    if utf16 is not None:
        return _decode_utf16(data, utf16)
    data = data.rstrip(b"\x00")
    controls = len(data) - len(data.translate(None, _CONTROL_BYTES))
    if controls > len(data) * _BINARY_CONTROL_SHARE:
        raise FileRejectedError(Reason.NOT_A_SPREADSHEET)
    data = data.replace(b"\x00", b"")
    has_bom = data.startswith(codecs.BOM_UTF8)
    data = data.removeprefix(codecs.BOM_UTF8)
    encoding = "utf-8" if has_bom else _label_8_bit(data)
    return Decoded(_decode_8_bit(data, encoding), encoding, has_bom)


def _utf16_label(data: bytes) -> str | None:
    if data.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if data.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    probe = data.rstrip(b"\x00")[:_UTF16_PROBE_BYTES]
    odd, even = probe[1::2], probe[::2]
    if not odd:
        return None
    is_odd_nul = odd.count(0) >= len(odd) * _UTF16_NUL_SHARE
    is_even_nul = even.count(0) >= len(even) * _UTF16_NUL_SHARE
    if is_odd_nul == is_even_nul:
        return None
    return "utf-16-le" if is_odd_nul else "utf-16-be"


def _decode_utf16(data: bytes, label: str) -> Decoded:
    has_bom = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    data = data[2:] if has_bom else data
    if len(data) % 2:
        data = data + b"\x00" if label == "utf-16-le" else data[:-1]
    return Decoded(data.decode(label, "replace").replace("\x00", ""), label, has_bom)


def _label_8_bit(data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    sequences = _UTF8_SEQUENCE.findall(data)
    non_ascii = data.translate(None, _ASCII_BYTES)
    invalid_count = len(non_ascii) - sum(map(len, sequences))
    if len(sequences) >= _MIXED_UTF8_RATIO * invalid_count:
        return "utf-8"
    is_mac = _portuguese_count(non_ascii, _MAC_ROMAN) > _portuguese_count(non_ascii, _CP1252)
    return "mac_roman" if is_mac else "cp1252"


def _portuguese_count(data: bytes, table: str) -> int:
    letters = bytes(byte for byte in range(0x80, 0x100) if table[byte] in _PORTUGUESE)
    return len(data) - len(data.translate(None, letters))


def _decode_8_bit(data: bytes, encoding: str) -> str:
    if encoding == "utf-8":
        return data.decode("utf-8", "leads_infinitos.cp1252")
    return codecs.charmap_decode(data, "strict", _MAC_ROMAN if encoding == "mac_roman" else _CP1252)[0]


def _read_as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(_CP1252[byte] for byte in error.object[error.start : error.end]), error.end


codecs.register_error("leads_infinitos.cp1252", _read_as_cp1252)

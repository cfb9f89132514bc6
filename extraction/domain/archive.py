"""The ZIP around a workbook, opened only after proof that it is bounded, whole and harmless.

Everything is inflated once in small pieces and counted, so a bomb stops at the limit whatever its directory claims. XML is
parsed without ever resolving an entity: a DOCTYPE alone refuses the file.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from xml.parsers import expat

from extraction.domain.rejection import FileRejectedError, Reason

MAX_INFLATED_BYTES = 100 * 1024 * 1024
_CHUNK_BYTES = 32 * 1024  # also bounds how many finished rows of a sheet wait in memory
# expat 2.5 reads an unfinished token again with every piece fed, and keeps every open element in memory.
_MAX_TOKEN_BYTES = 1024 * 1024
_MAX_DEPTH = 256
_INFLATABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class Archive:
    """The parts of an Office file by their lower-case name with forward slashes. Close it, or use it in a `with`."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise FileRejectedError(Reason.CORRUPT_FILE) from error
        self._parts = {_part_name(info.filename): info for info in self._zip.infolist()}

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def names(self) -> list[str]:
        """The names of all parts."""
        return list(self._parts)

    def check_size(self) -> None:
        """Raise zip_bomb when all parts together inflate beyond the limit; damage is left for `check_parts`."""
        left = MAX_INFLATED_BYTES
        for info in self._zip.infolist():
            try:
                for piece in self._pieces(info):
                    left -= len(piece)
                    if left < 0:
                        raise FileRejectedError(Reason.ZIP_BOMB)
            except _DAMAGE:
                continue

    def check_parts(self) -> None:
        """Raise unsafe_xml for a DOCTYPE in any XML part, else corrupt_file for a part that is damaged."""
        is_damaged = False
        for info in self._zip.infolist():
            name = _part_name(info.filename)
            try:
                pieces = self._pieces(info)
                if name.endswith((".xml", ".rels")):
                    _check_xml(pieces)
                else:
                    for _ in pieces:
                        pass
            except (*_DAMAGE, expat.ExpatError):
                is_damaged = True
        if is_damaged:
            raise FileRejectedError(Reason.CORRUPT_FILE)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of one part, inflated piece by piece; raises FileRejectedError(corrupt_file) for a damaged one."""
        try:
            yield from self._pieces(self._parts[name])
        except (*_DAMAGE, KeyError) as error:
            raise FileRejectedError(Reason.CORRUPT_FILE) from error

    def _pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        if (
            info.compress_type not in _INFLATABLE
        ):  # the others inflate without a bound, and no Office program writes them
            raise NotImplementedError
        with self._zip.open(info) as part:
            yield from _read_pieces(part)


def parse_xml(pieces: Iterator[bytes], parser: expat.XMLParserType) -> Iterator[None]:
    """Feed a parser piece by piece, yielding after each so that the caller can hand on what was found.

    Raises FileRejectedError: unsafe_xml for a DOCTYPE, corrupt_file for text that is not well-formed.
    """
    parser.StartDoctypeDeclHandler = _refuse_doctype
    fed = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > _MAX_TOKEN_BYTES:
                raise FileRejectedError(Reason.CORRUPT_FILE)
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise FileRejectedError(Reason.CORRUPT_FILE) from error
    yield


def _check_xml(pieces: Iterator[bytes]) -> None:
    parser = expat.ParserCreate()
    depth = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise FileRejectedError(Reason.CORRUPT_FILE)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        for _ in parse_xml(pieces, parser):
            pass
    except FileRejectedError as refusal:
        if refusal.reason is Reason.UNSAFE_XML:
            raise
        raise zipfile.BadZipFile from refusal


def _refuse_doctype(*_: object) -> None:
    raise FileRejectedError(Reason.UNSAFE_XML)


def _read_pieces(part: IO[bytes]) -> Iterator[bytes]:
    read: Callable[[], bytes] = lambda: part.read(_CHUNK_BYTES)  # noqa: E731
    yield from iter(read, b"")


def _part_name(filename: str) -> str:
    return filename.replace("\\", "/").lstrip("/").lower()

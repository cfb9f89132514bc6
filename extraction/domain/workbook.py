"""Which sheets a workbook has, which of them people see, and where their cells are."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

from extraction.domain.archive import Archive, parse_xml
from extraction.domain.rejection import FileRejectedError, Reason

_DEFAULT_WORKBOOK = "xl/workbook.xml"
_BINARY_WORKBOOK = "xl/workbook.bin"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_HIDDEN = {"hidden": "hidden", "veryhidden": "very hidden"}

Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the workbook, in its order."""

    name: str
    part: str | None  # None when the workbook names a sheet that it does not hold
    why_ignored: str | None  # hidden, very hidden, chart sheet; None for a sheet to be read


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets, and the part with the texts they share."""

    sheets: tuple[Sheet, ...]
    shared_strings: str | None


def open_workbook(archive: Archive) -> Workbook:
    """The workbook of an archive whose safety is then proved.

    Raises FileRejectedError in the order of the import policy: zip_bomb, unsupported_format, not_a_spreadsheet, unsafe_xml,
    corrupt_file.
    """
    archive.check_size()
    if _BINARY_WORKBOOK in archive or _is_open_document(archive):
        raise FileRejectedError(Reason.UNSUPPORTED_FORMAT)
    if not _may_hold_workbook(archive):
        raise FileRejectedError(Reason.NOT_A_SPREADSHEET)
    archive.check_parts()
    part = _workbook_part(archive)
    if part is None:
        raise FileRejectedError(Reason.NOT_A_SPREADSHEET)
    return _read_workbook(archive, part)


def local_name(name: str) -> str:
    """An XML name without its prefix: programs choose their own."""
    return name.rpartition(":")[2]


def _is_open_document(archive: Archive) -> bool:
    if "mimetype" in archive:
        kind = b"".join(archive.pieces("mimetype"))[:200].decode("ascii", "replace")
        return kind.strip().startswith(_OPEN_DOCUMENT)
    return "content.xml" in archive and "meta-inf/manifest.xml" in archive


def _may_hold_workbook(archive: Archive) -> bool:
    return _DEFAULT_WORKBOOK in archive or any(name.endswith("workbook.xml") for name in archive.names())


def _workbook_part(archive: Archive) -> str | None:
    """The part that the package names as its document, else the usual one; None when neither is a workbook."""
    for target, kind in _relations(archive, "").values():
        if kind == "officedocument" and target in archive and posixpath.basename(target).startswith("workbook"):
            return target
    return _DEFAULT_WORKBOOK if _DEFAULT_WORKBOOK in archive else None


def _read_workbook(archive: Archive, part: str) -> Workbook:
    relations = _relations(archive, part)
    sheets: list[Sheet] = []

    def start(name: str, attributes: Attributes) -> None:
        if local_name(name) != "sheet":
            return
        relation_id = next((value for key, value in attributes.items() if key.endswith(":id") or key == "id"), "")
        target, kind = relations.get(relation_id, ("", ""))
        why = _HIDDEN.get(attributes.get("state", "visible").lower())
        if why is None and kind not in ("worksheet", ""):
            why = "chart sheet" if kind == "chartsheet" else "not a worksheet"
        sheets.append(Sheet(attributes.get("name", ""), target if target in archive else None, why))

    _walk(archive, part, start)
    shared = next(
        (target for target, kind in relations.values() if kind == "sharedstrings" and target in archive), None
    )
    return Workbook(tuple(sheets), shared)


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Relation id -> (part, last word of its type in lower case) of a part, or of the package when `part` is ""."""
    folder, base = posixpath.split(part)
    rels = posixpath.join(folder, "_rels", f"{base}.rels")
    found: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: Attributes) -> None:
        if local_name(name) == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/").lower()
            kind = attributes.get("Type", "").rpartition("/")[2].lower()
            found[attributes.get("Id", "")] = (target, kind)

    if rels in archive:
        _walk(archive, rels, start)
    return found


def _walk(archive: Archive, part: str, start: Callable[[str, Attributes], None]) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    for _ in parse_xml(archive.pieces(part), parser):
        pass

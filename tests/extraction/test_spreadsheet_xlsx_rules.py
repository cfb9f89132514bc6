"""Rules of workbooks: which sheet, which value of a cell, and what makes the file unsafe."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from extraction.domain import archive
from extraction.domain.reading import Reading, read_spreadsheet
from extraction.domain.xlsx_table import number_text

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Nome</t></is></c><c r="B1" t="inlineStr"><is><t>Fone</t></is></c></row>'
)
LEAD = '<row r="2"><c r="A2" t="inlineStr"><is><t>Ana</t></is></c><c r="B2"><v>11987654321</v></c></row>'


def workbook(
    folder: Path,
    *sheets: str,
    states: tuple[str, ...] = (),
    kinds: tuple[str, ...] = (),
    shared: str | None = None,
    extra: dict[str, str | bytes] | None = None,
) -> Path:
    """A workbook whose sheets hold the given rows."""
    names, relations = "", ""
    parts: dict[str, str | bytes] = {}
    for number, rows in enumerate(sheets, start=1):
        state = f' state="{states[number - 1]}"' if states else ""
        kind = kinds[number - 1] if kinds else "worksheet"
        names += f'<sheet name="Aba {number}" sheetId="{number}" r:id="rId{number}"{state}/>'
        relations += f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="worksheets/sheet{number}.xml"/>'
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>'
        )
    if shared is not None:
        relations += f'<Relationship Id="rIdS" Type="{RELATIONS}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    parts["xl/workbook.xml"] = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{names}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = f"<Relationships>{relations}</Relationships>"
    path = folder / "lista.dat"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in (parts | (extra or {})).items():
            package.writestr(name, content)
    return path


def read(path: Path) -> Reading:
    return read_spreadsheet(path, default_ddd=None)


def cells(reading: Reading) -> list[tuple[str, ...]]:
    assert reading.outcome == "imported", reading.reason
    return [row.cells for row in reading.rows()]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("11987654321", "11987654321"),
        ("98765.0", "98765"),
        ("5.5E12", "5500000000000"),
        ("5.531978493206E+12", "5531978493206"),
        ("743.9400000000001", "743.94"),
        ("0.00001", "0.00001"),
        ("1E-7", "0.0000001"),
        ("-0", "0"),
        ("", ""),
        ("x", "x"),
        ("1e999", "1e999"),
        ("nan", "nan"),
    ],
)
def test_numbers_are_read_as_a_person_would_type_them(raw: str, text: str) -> None:
    assert number_text(raw) == text


def test_values_are_read_whatever_their_type(tmp_path: Path) -> None:
    shared = "<si><t>Bia</t></si><si><r><t>Ri</t></r><r><t>ca</t></r><rPh><t>aid</t></rPh></si><si><t>a_x000D_b</t></si><si/>"
    row = (
        '<row r="3"><c t="s"><v>0</v></c><c><v>11987654322</v></c><c t="s"><v>1</v></c><c t="b"><v>1</v></c>'
        '<c t="b"><v>0</v></c><c t="str"><f>A1</f><v>ok</v></c><c><f>B2&amp;C2</f></c><c t="e"><v>#N/A</v></c>'
        '<c t="s"><v>2</v></c><c t="s"><v>99</v></c><c t="s"><v>3</v></c><c t="d"><v>2025-01-31</v></c></row>'
    )

    read_cells = cells(read(workbook(tmp_path, HEADER + LEAD + row, shared=shared)))[1]

    assert read_cells == (
        "Bia", "11987654322", "Rica", "TRUE", "FALSE", "ok", "", "#N/A", "a\rb", "", "", "2025-01-31",
    )  # fmt: skip


def test_missing_references_and_gaps_are_counted(tmp_path: Path) -> None:
    rows = HEADER + '<row><c t="inlineStr"><is><t>Ana</t></is></c><c><v>11987654321</v></c></row>'
    rows += '<row r="6"><c r="B6"><v>11987654322</v></c></row><row><c r="B9"><v>11987654323</v></c></row>'

    reading = read(workbook(tmp_path, rows))

    assert [(row.line, row.outcome.value) for row in reading.rows()] == [
        (2, "created"),
        *[(line, "blank") for line in (3, 4, 5)],
        (6, "created"),
        *[(line, "blank") for line in (7, 8)],
        (9, "created"),
    ]


def test_references_beyond_the_format_are_not_believed(tmp_path: Path) -> None:
    rows = HEADER + LEAD + '<row r="99999999"><c r="ZZZ3"><v>1</v></c><c r="B3"><v>11987654322</v></c></row>'

    assert [row.line for row in read(workbook(tmp_path, rows)).rows()] == [2, 3]


def test_prefixed_names_are_understood(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADER)
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{(HEADER + LEAD)}</x:sheetData></x:worksheet>'
    sheet = (
        sheet.replace("<row", "<x:row").replace("</row", "</x:row").replace("<c ", "<x:c ").replace("</c>", "</x:c>")
    )
    sheet = sheet.replace("<v>", "<x:v>").replace("</v>", "</x:v>").replace("<is><t>", "<x:is><x:t>")
    sheet = sheet.replace("</t></is>", "</x:t></x:is>")
    path = workbook(tmp_path, HEADER, extra={"xl/worksheets/sheet1.xml": sheet})

    assert cells(read(path)) == [("Ana", "11987654321")]


def test_hidden_sheets_and_charts_are_never_read(tmp_path: Path) -> None:
    states = ("hidden", "veryHidden", "visible", "visible", "visible")
    kinds = ("worksheet", "worksheet", "chartsheet", "worksheet", "worksheet")
    notes = '<row r="1"><c t="inlineStr"><is><t>Leia</t></is></c></row>'

    reading = read(workbook(tmp_path, *[HEADER + LEAD] * 3, notes, HEADER + LEAD, states=states, kinds=kinds))

    assert reading.read is not None
    assert (reading.read["sheet"], [sheet["why"] for sheet in reading.read["sheets_ignored"]]) == (
        "Aba 5",
        ["hidden", "very hidden", "chart sheet", "no phone column"],
    )


@pytest.mark.parametrize(
    ("sheets", "reason"),
    [
        (("", ""), "empty_file"),
        ((HEADER, ""), "no_data_rows"),
        (('<row r="1"><c t="inlineStr"><is><t>Leia</t></is></c></row>',), "no_phone_column"),
    ],
)
def test_a_workbook_without_leads_says_why(tmp_path: Path, sheets: tuple[str, ...], reason: str) -> None:
    assert read(workbook(tmp_path, *sheets)).reason == reason


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"xl/workbook.bin": b"x"}, "unsupported_format"),
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "unsupported_format"),
        ({"docProps/app.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "unsafe_xml"),
        ({"docProps/app.xml": "<x>", "docProps/z.xml": "<!DOCTYPE x><x/>"}, "unsafe_xml"),
        ({"docProps/app.xml": "<x>"}, "corrupt_file"),
        ({"docProps/app.xml": "<a>" * 5_000 + "</a>" * 5_000}, "corrupt_file"),
    ],
)
def test_unsafe_or_foreign_parts_refuse_the_file(tmp_path: Path, extra: dict[str, str | bytes], reason: str) -> None:
    assert read(workbook(tmp_path, HEADER + LEAD, extra=extra)).reason == reason


def test_a_zip_without_a_workbook_is_no_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("word/document.xml", "<w/>")

    assert read(path).reason == "not_a_spreadsheet"


def test_a_part_that_fails_its_checksum_is_corrupt(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADER + LEAD, extra={"xl/media/image1.png": b"\x89PNG" * 50})
    with zipfile.ZipFile(path) as package:
        info = package.getinfo("xl/media/image1.png")
    content = bytearray(path.read_bytes())
    position = content.find(b"PK\x01\x02" + content[content.rfind(b"xl/media") - 42 : content.rfind(b"xl/media") - 38])
    crc = info.CRC.to_bytes(4, "little")
    position = content.rfind(crc, 0, content.rfind(b"xl/media"))
    content[position] ^= 0xFF
    path.write_bytes(bytes(content))

    assert read(path).reason == "corrupt_file"


def test_inflating_stops_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_INFLATED_BYTES", 10_000)

    assert read(workbook(tmp_path, HEADER + LEAD, extra={"x.bin": bytes(9_999)})).reason == "zip_bomb"


def test_a_token_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MAX_TOKEN_BYTES", 1_000)
    monkeypatch.setattr(archive, "_CHUNK_BYTES", 500)

    assert read(workbook(tmp_path, HEADER + LEAD, extra={"y.xml": f'<a b="{"x" * 5_000}"/>'})).reason == "corrupt_file"

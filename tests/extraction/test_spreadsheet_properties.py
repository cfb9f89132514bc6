"""What holds for every file: it is answered, its rows add up, and every lead is who the phone parser says."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.domain.cells import NAME_MAX_CHARS, clean_name
from extraction.domain.reading import Reading, as_expected_json, read_spreadsheet
from extraction.domain.rows import Outcome
from leads_infinitos.kernel.phone import parse

HEADERS = ["nome", "telefone", "WhatsApp", "celular", "status", "cidade", "DDD", "site", "obs", "", "permanentlyClosed"]
CELLS = st.sampled_from(
    [
        "",
        " ",
        "1",
        "0",
        "Ana",
        "Total",
        "#N/D",
        "(11) 98765-4321",
        "11987654321",
        "98765-4321",
        "1132345678",
        "4004-1234",
    ]
) | st.sampled_from(
    ["https://wa.me/5511987654321", "0800 123 4567", "nome", "telefone", "41", "nan", "5,51199E+12", 'a "b']
)
TABLES = st.lists(st.lists(CELLS, max_size=6), max_size=12)
HEADED = st.tuples(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=6), TABLES).map(
    lambda pair: [pair[0], *pair[1]]
)
OLE, EMPTY_ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x05\x06" + bytes(18)
STARTS = st.sampled_from([b"", OLE, EMPTY_ZIP, b"PK\x03\x04", b"<", b'"']) | st.sampled_from(
    [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"sep=;\n", b"nome;fone\n"]
)


def read_bytes(content: bytes, default_ddd: str | None = None) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lista"
        path.write_bytes(content)
        return read_spreadsheet(path, default_ddd=default_ddd)


def as_csv(table: list[list[str]], delimiter: str) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(table)
    return stream.getvalue().encode()


@settings(deadline=None)
@given(TABLES | HEADED, st.sampled_from(";,\t|"), st.sampled_from([None, "31"]))
def test_the_rows_of_every_table_add_up(table: list[list[str]], delimiter: str, default_ddd: str | None) -> None:
    reading = read_bytes(as_csv(table, delimiter), default_ddd)
    read = as_expected_json(reading, reading.rows())
    counts = read["counts"]

    assert counts["rows_in_file"] == sum(counts[outcome.value] for outcome in Outcome) == len(read["rows"])
    assert sum(read["by_reason"].values()) == counts["rejected"]
    lines = [row["line"] for row in read["rows"]]
    assert lines == list(range(lines[0], lines[0] + len(lines))) if lines else reading.outcome == "rejected"
    if lines:
        assert read["rows"][-1]["outcome"] != "blank"


@settings(deadline=None)
@given(HEADED)
def test_every_number_is_created_once_and_is_its_own_reading(table: list[list[str]]) -> None:
    rows = list(read_bytes(as_csv(table, ";")).rows())
    line_of = {row.phone: row.line for row in rows if row.outcome is Outcome.CREATED}

    assert Counter(row.phone for row in rows if row.outcome is Outcome.CREATED).total() == len(line_of)
    for row in rows:
        if row.phone is not None:
            assert parse(row.phone).e164 == row.phone
            assert row.wa_ids
        if row.outcome is Outcome.DUPLICATE:
            assert row.duplicate_of == line_of[row.phone]
            assert row.duplicate_of < row.line


@settings(deadline=None)
@given(STARTS, st.binary(max_size=400))
def test_no_bytes_crash_the_reader(start: bytes, content: bytes) -> None:
    reading = read_bytes(start + content)
    assert reading.outcome in {"imported", "rejected"}
    assert (reading.reason is None) == (reading.outcome == "imported")
    if reading.read is not None and reading.read["format"] == "csv":
        list(reading.rows())


@given(st.text(max_size=400))
def test_a_name_is_clean_short_and_stays_as_it_is(text: str) -> None:
    name = clean_name(text)
    if name is not None:
        assert 0 < len(name) <= NAME_MAX_CHARS
        assert name == name.strip()
        assert not set(name) & set("\n\r\t\x00\u200b\u202e")

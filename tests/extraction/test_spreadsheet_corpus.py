"""The corpus of real-life spreadsheets: every file, every count and every row as its expected reading says."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from extraction.domain.reading import as_expected_json, read_spreadsheet

CORPUS = Path(__file__).parents[1] / "fixtures/spreadsheets"
FILES: list[dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text())["files"]
NOT_JUDGED = {"blank", "not_ready", "totals_row", "repeated_header"}  # name, phone and kind say nothing there


def upload(expected: dict[str, Any], folder: Path) -> Path:
    """The file as a user would send it."""
    stored: Path = CORPUS / expected["file"]
    if not expected["stored_gzip"]:
        return stored
    path: Path = folder / expected["upload_name"]
    path.write_bytes(gzip.decompress(stored.read_bytes()))
    return path


def expected_rows(expected: dict[str, Any]) -> list[dict[str, Any]]:
    if "rows_file" not in expected:
        return list(expected.get("rows", []))
    lines = gzip.decompress((CORPUS / expected["rows_file"]).read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines]


def judged(row: dict[str, Any], *, with_column: bool) -> dict[str, Any]:
    hidden = {"name", "phone", "kind"} if {row["outcome"], row["reason"]} & NOT_JUDGED else set()
    hidden |= set() if with_column else {"col"}
    return {key: value for key, value in row.items() if key not in hidden}


def test_the_corpus_is_whole_and_its_bytes_untouched(tmp_path: Path) -> None:
    assert len(FILES) == 24
    for expected in FILES:
        assert hashlib.sha256(upload(expected, tmp_path).read_bytes()).hexdigest() == expected["sha256"], expected[
            "file"
        ]


@pytest.mark.parametrize("expected", FILES, ids=lambda expected: str(expected["file"]))
def test_every_file_of_the_corpus_is_read_as_expected(expected: dict[str, Any], tmp_path: Path) -> None:
    reading = read_spreadsheet(upload(expected, tmp_path), default_ddd=expected["default_ddd"])
    read = as_expected_json(reading, reading.rows())

    for key in ("outcome", "reason", "read", "counts", "by_reason", "contactable"):
        if key in expected:
            assert read[key] == expected[key], key
    rows = expected_rows(expected)
    assert len(read["rows"]) == len(rows)
    for got, wanted in zip(read["rows"], rows, strict=True):
        with_column = "rows_file" not in expected
        assert judged(got, with_column=with_column) == judged(wanted, with_column=with_column)


@pytest.mark.parametrize(
    "expected", [file for file in FILES if file.get("variables_sample")], ids=lambda expected: str(expected["file"])
)
def test_other_columns_become_variables_of_the_lead(expected: dict[str, Any], tmp_path: Path) -> None:
    reading = read_spreadsheet(upload(expected, tmp_path), default_ddd=expected["default_ddd"])
    sample = expected["variables_sample"]

    row = next(row for row in reading.rows() if row.line == sample["line"])

    assert row.variables.items() >= sample["values"].items()


def test_a_rejected_file_has_no_rows_and_can_still_be_printed() -> None:
    reading = read_spreadsheet(CORPUS / "planilha_antiga.csv", default_ddd=None)

    assert as_expected_json(reading, reading.rows())["counts"] == {
        "rows_in_file": 0,
        "created": 0,
        "duplicate": 0,
        "rejected": 0,
        "blank": 0,
        "not_ready": 0,
    }

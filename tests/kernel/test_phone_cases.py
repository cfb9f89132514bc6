"""The table of spellings that the parser promises, one test per row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leads_infinitos.kernel.phone import parse, parse_all

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "fixtures/phone_cases.json").read_text())


def test_the_table_holds_every_case() -> None:
    assert [case["case"] for case in CASES] == list(range(1, 96))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['case']}-{case['text'][:24]}")
def test_every_spelling_of_the_table_is_read_as_written_there(case: dict[str, Any]) -> None:
    phones = parse_all(case["text"], default_ddd=case["default_ddd"])

    read = [{"kind": phone.kind.value, "e164": phone.e164, "wa_ids": list(phone.wa_ids)} for phone in phones]
    assert read == case["phones"]
    assert parse(case["text"], default_ddd=case["default_ddd"]).reason == case["reason"]

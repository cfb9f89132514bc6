"""Everything that a row or a file can be refused for has its words, and nothing says more than it should."""

from __future__ import annotations

import json
from pathlib import Path

from extraction import texts
from extraction.domain.fields import Field
from extraction.domain.rejection import Reason
from leads_infinitos.kernel.phone import Kind, model
from tests.extraction.test_spreadsheet_corpus import FILES

PHONE_CASES = json.loads((Path(__file__).parents[1] / "fixtures/phone_cases.json").read_text())


def test_every_reason_of_a_file_has_a_sentence() -> None:
    assert {reason.value for reason in Reason} <= texts.FILE_REASONS.keys()


def test_every_reason_of_a_row_has_words() -> None:
    seen = {reason for file in FILES for reason in file.get("by_reason", {})} | set(model._KIND_OF_REASON)
    others = {"duplicate", "status_not_1", "already_in_list", "landline", "foreign"}

    assert seen | others <= texts.ROW_REASONS.keys()
    assert texts.ROW_ADVICE.keys() <= texts.ROW_REASONS.keys()


def test_every_kind_field_and_repair_has_a_word() -> None:
    assert {kind.value for kind in Kind} <= texts.KINDS.keys()
    assert {field.value for field in Field} - {"variable"} <= texts.FIELDS.keys()
    repairs = (model.SCIENTIFIC_NOTATION, model.DDD_FROM_DEFAULT, model.DDD_INHERITED, model.NINTH_DIGIT_ADDED)
    assert set(repairs) <= texts.REPAIRS.keys()

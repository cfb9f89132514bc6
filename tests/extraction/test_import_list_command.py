"""`import_list --json` answers what the corpus expects, read back from the rows it stored."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Membership
from extraction.models import Lead, LeadList
from tests.extraction.rows import sheet
from tests.extraction.test_spreadsheet_corpus import FILES, expected_rows, judged, upload
from tests.factories import make_membership

pytestmark = pytest.mark.django_db


def import_list(member: Membership, path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON of the last line."""
    out, code = StringIO(), 0
    try:
        call_command(
            "import_list", str(path), "--account", member.user.email, "--list", "Lista", "--json", *options, stdout=out
        )
    except SystemExit as end:
        code = int(end.code or 0)
    answer: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return code, answer


@pytest.mark.parametrize("expected", FILES, ids=lambda expected: str(expected["file"]))
def test_every_file_of_the_corpus_is_imported_as_expected(expected: dict[str, Any], tmp_path: Path) -> None:
    member = make_membership()
    ddd = ["--default-ddd", expected["default_ddd"]] if expected["default_ddd"] else []

    code, answer = import_list(member, upload(expected, tmp_path), *ddd)

    assert code == (0 if expected["outcome"] == "imported" else 2)
    for key in (
        "outcome",
        "reason",
        "read",
        "counts",
        "by_reason",
        "contactable",
        "upload_name",
        "default_ddd",
        "bytes",
    ):
        if key in expected:
            assert answer[key] == expected[key], key
    rows = expected_rows(expected)
    assert len(answer["rows"]) == len(rows)
    with_column = "rows_file" not in expected
    for got, wanted in zip(answer["rows"], rows, strict=True):
        assert judged(got, with_column=with_column) == judged(wanted, with_column=with_column)
    _assert_list_holds([row for row in rows if row["outcome"] == "created"])


def _assert_list_holds(created: list[dict[str, Any]]) -> None:
    stored = Lead.objects.order_by("id").values_list("line", "phone", "contactable")
    assert list(stored) == [(row["line"], row["phone"], row["contactable"]) for row in created]
    lead_list = LeadList.objects.get()
    assert lead_list.lead_count == len(created)
    assert lead_list.contactable_count == sum(row["contactable"] for row in created)


def test_without_json_the_equation_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "clientes.csv"
    path.write_bytes(sheet("Ana;(11) 98765-4321", "Bia;(11) 98765-4321", "Caio;190"))
    out = StringIO()

    call_command("import_list", str(path), "--account", make_membership().user.email, "--list", "Lista", stdout=out)

    said = "clientes.csv: 3 linhas = 1 criada + 1 repetida + 1 rejeitada + 0 em branco + 0 não prontas\n"
    assert out.getvalue() == said


def test_what_cannot_be_imported_is_said_and_nothing_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "clientes.csv"
    path.write_bytes(sheet("Ana;98765-4321"))
    email = make_membership().user.email

    for arguments, sentence in (
        ([str(path), "--account", "ninguem@example.com", "--list", "L"], "Nenhuma conta"),
        ([str(tmp_path / "falta.csv"), "--account", email, "--list", "L"], "Não foi possível abrir"),
        ([str(path), "--account", email, "--list", "  "], "Dê um nome"),
        ([str(path), "--account", email, "--list", "L", "--default-ddd", "10"], "10 não é um DDD"),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("import_list", *arguments)
    assert not Lead.objects.exists()

"""Imports: what becomes of rows, counters and leads, also when a worker dies in the middle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from accounts.models import Account
from extraction.errors import ImportNotFailed, UnknownDdd, UploadTooLarge
from extraction.models import ImportRow, Lead, LeadImport, LeadList
from extraction.services import import_run, imports
from tests.extraction.rows import make_import, make_lead, make_list, many, outcome_counts, run, sheet
from tests.factories import NOW, make_account

pytestmark = pytest.mark.django_db
CORPUS = Path(__file__).parents[1] / "fixtures/spreadsheets"


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def lead_list(account: Account) -> LeadList:
    return make_list(account)


class Killed(BaseException):
    """What a killed process looks like from inside: nothing catches it."""


def kill_in_batch(monkeypatch: pytest.MonkeyPatch, number: int, error: type[BaseException] = Killed) -> None:
    """The worker dies in its `number`th batch, after the leads were inserted and before the transaction ends."""
    batches = iter(range(1, 1000))
    original = import_run._move_list_counters

    def dying(*args: Any) -> None:
        original(*args)
        if next(batches) == number:
            raise error

    monkeypatch.setattr(import_run, "_move_list_counters", dying)


def assert_whole(lead_import: LeadImport, rows: int) -> None:
    """Every row has one outcome, and the counters say what the rows say."""
    lead_import.refresh_from_db()
    assert lead_import.status == LeadImport.Status.DONE
    assert lead_import.rows_in_file == lead_import.rows_done == rows
    assert ImportRow.objects.filter(lead_import=lead_import).count() == rows
    created = Lead.objects.filter(lead_import=lead_import)
    assert lead_import.created_count == created.count()
    assert lead_import.contactable_count == created.filter(contactable=True).count()
    lead_list = LeadList.objects.get(pk=lead_import.list_id)
    assert lead_list.lead_count == Lead.objects.filter(list=lead_list).count()
    assert lead_list.contactable_count == Lead.objects.filter(list=lead_list, contactable=True).count()


def test_each_row_gets_one_outcome_and_the_counters_add_up(lead_list: LeadList) -> None:
    content = sheet(
        "Ana;(11) 98765-4321;1",
        "Bia;11987654321;1",
        "Caio;190;1",
        ";;",
        "Duda;(11) 91234-5678;0",
        "Eva;(21) 3234-5678;1",
        header="nome;telefone;status",
    )
    lead_import = make_import(lead_list, content)
    run(lead_import)

    assert outcome_counts(lead_import) == {"created": 2, "duplicate": 1, "rejected": 1, "blank": 1, "not_ready": 1}
    assert_whole(lead_import, 6)


def test_a_lead_keeps_what_the_row_says(lead_list: LeadList) -> None:
    header = "nome;telefone;cidade;uf;email;Limite de crédito"
    lead_import = make_import(lead_list, sheet("Padaria Sol;(31) 8765-4321;Betim;MG;oi@sol.com;1.000", header=header))
    run(lead_import)

    lead = Lead.objects.get()
    assert (lead.name, lead.phone, lead.kind, lead.contactable) == ("Padaria Sol", "+5531987654321", "mobile", True)
    assert (lead.city, lead.uf, lead.email, lead.source) == ("Betim", "MG", "oi@sol.com", "spreadsheet")
    assert lead.variables == {"limite_de_credito": "1.000"}
    assert (lead.lead_import, lead.line, lead.account) == (lead_import, 2, lead_list.account)
    assert lead.wa_candidates == ["553187654321", "5531987654321"]
    assert lead.wa_id == ""  # the gateway says which one it is, when something is sent
    lead_list.refresh_from_db()
    assert lead_list.variable_keys == ["limite_de_credito"]


def test_a_lead_that_cannot_be_messaged_says_why(lead_list: LeadList) -> None:
    run(make_import(lead_list, sheet("Fixo;(11) 3234-5678", "Fora;+1 415 555 2671")))

    reasons = Lead.objects.order_by("line").values_list("contactable", "reason")
    assert list(reasons) == [(False, "landline"), (False, "foreign")]


def test_an_export_of_google_maps_is_known_by_its_places(lead_list: LeadList) -> None:
    run(make_import(lead_list, (CORPUS / "apify_maps.csv").read_bytes()))

    assert set(Lead.objects.values_list("source", flat=True)) == {"maps"}
    assert all(Lead.objects.values_list("place_id", flat=True))
    lead_list.refresh_from_db()
    assert lead_list.source == "maps"


def test_a_number_the_list_holds_already_is_a_duplicate_and_stays_as_it_was(lead_list: LeadList) -> None:
    make_lead(lead_list, "+5511987654321", name="Antiga")
    lead_import = make_import(lead_list, sheet("Nova;(11) 98765-4321", "Nova;(11) 98765-4321", "Bia;(11) 91234-5678"))
    run(lead_import)

    assert outcome_counts(lead_import) == {"created": 1, "duplicate": 2}
    rows = ImportRow.objects.order_by("line").values_list("reason", "duplicate_of", "contactable")
    assert list(rows) == [("already_in_list", None, False), ("duplicate", 2, False), ("", None, True)]
    assert Lead.objects.get(phone="+5511987654321").name == "Antiga"
    assert_whole(lead_import, 3)


def test_the_same_number_may_be_in_two_lists(lead_list: LeadList) -> None:
    make_lead(make_list(lead_list.account, "Outra"), "+5511987654321")
    lead_import = make_import(lead_list, sheet("Ana;(11) 98765-4321"))
    run(lead_import)

    assert outcome_counts(lead_import) == {"created": 1}


def test_rejected_rows_keep_their_cells_and_others_do_not(lead_list: LeadList) -> None:
    run(make_import(lead_list, sheet("Ana;190", "Bia;(11) 91234-5678")))

    assert list(ImportRow.objects.order_by("line").values_list("cells", flat=True)) == [["Ana", "190"], []]


def test_a_refused_file_says_why_and_touches_nothing(lead_list: LeadList) -> None:
    lead_import = make_import(lead_list, (CORPUS / "lixo_binario.xlsx").read_bytes())
    run(lead_import)

    assert (lead_import.status, lead_import.reason) == ("rejected", "not_a_spreadsheet")
    assert lead_import.finished_at is not None
    assert not ImportRow.objects.exists()


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_worker_killed_in_the_middle_loses_no_row_and_makes_none_twice(
    lead_list: LeadList, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 10)
    lead_import = make_import(lead_list, many(35) + many(5) + sheet("Caio;190"))
    kill_in_batch(monkeypatch, batch)
    with pytest.raises(Killed):
        run()
    lead_import.refresh_from_db()
    assert (lead_import.status, lead_import.rows_done) == ("running", 10 * (batch - 1))

    run(now=NOW + dt.timedelta(seconds=1))  # the lease still holds
    lead_import.refresh_from_db()
    assert lead_import.rows_done == 10 * (batch - 1)
    run(lead_import, now=NOW + imports.LEASE * 2)

    assert_whole(lead_import, 43)
    assert outcome_counts(lead_import) == {"created": 35, "duplicate": 5, "rejected": 3}


def test_a_crash_is_tried_again_and_given_up_after_three_times(
    lead_list: LeadList, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_import = make_import(lead_list, many(3))
    with monkeypatch.context() as patch:

        def broken(*args: Any) -> None:
            raise RuntimeError

        patch.setattr(import_run, "_write_batch", broken)
        for hour in range(imports.MAX_TRIES + 1):
            run(lead_import, now=NOW + dt.timedelta(hours=hour))

    assert (lead_import.status, lead_import.reason) == ("failed", "interrupted")
    run(lead_import, now=NOW + dt.timedelta(days=1))
    assert lead_import.status == "failed"

    imports.retry_import(lead_import=lead_import)
    run(lead_import, now=NOW + dt.timedelta(days=1))
    assert_whole(lead_import, 3)


def test_only_an_interrupted_import_is_tried_again(lead_list: LeadList) -> None:
    with pytest.raises(ImportNotFailed):
        imports.retry_import(lead_import=make_import(lead_list, many(1)))


def test_a_crash_of_one_import_does_not_stop_the_next(lead_list: LeadList, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_import(lead_list, many(3))
    second = make_import(make_list(make_account()), many(3))
    kill_in_batch(monkeypatch, 1, RuntimeError)
    run(first, second)

    assert (first.status, second.status) == ("running", "done")


def test_a_worker_that_stops_hands_the_import_back_at_once(
    lead_list: LeadList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 10)
    lead_import = make_import(lead_list, many(35))
    imports.run_due(now=NOW, keep_going=says_no_after(3))
    lead_import.refresh_from_db()
    assert (lead_import.rows_done, lead_import.claimed_until, lead_import.tries) == (20, None, 0)

    run(lead_import)
    assert_whole(lead_import, 35)


def says_no_after(calls: int) -> Callable[[], bool]:
    answers = iter([True] * calls)
    return lambda: next(answers, False)


def test_two_workers_do_not_share_an_import(lead_list: LeadList, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one was slow, its lease ended and a second one took over: what the first holds is not written."""
    monkeypatch.setattr(import_run, "BATCH", 10)
    lead_import = make_import(lead_list, many(25))
    original = import_run._write_batch
    taken_over: list[bool] = []

    def slow(*args: Any) -> None:
        if not taken_over:
            taken_over.append(True)
            imports.run_due(now=NOW + imports.LEASE * 2)
        original(*args)

    monkeypatch.setattr(import_run, "_write_batch", slow)
    run(lead_import)

    assert_whole(lead_import, 25)


def test_a_worker_whose_import_was_taken_over_writes_nothing(
    lead_list: LeadList, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_import = make_import(lead_list, many(5))
    original = import_run._write_batch
    later = NOW + imports.LEASE * 2

    def slow(*args: Any) -> None:
        assert imports._claim_next(now=later) is not None
        original(*args)

    monkeypatch.setattr(import_run, "_write_batch", slow)
    run(lead_import)

    assert (lead_import.rows_done, lead_import.claimed_until) == (0, later + imports.LEASE)
    assert not Lead.objects.exists()


def test_an_account_has_one_import_running_and_others_do_not_wait_for_it(lead_list: LeadList) -> None:
    running = make_import(lead_list, many(3))
    LeadImport.objects.filter(pk=running.pk).update(status="running", claimed_until=NOW + dt.timedelta(minutes=1))
    behind = make_import(lead_list, many(3))
    other = make_import(make_list(make_account()), many(3))
    run(behind, other)

    assert (behind.status, other.status) == ("queued", "done")


def test_a_list_deleted_under_a_running_import_ends_it_quietly(
    lead_list: LeadList, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_import(lead_list, many(3))
    original = import_run._write_batch

    def after_delete(*args: Any) -> None:
        lead_list.delete()
        original(*args)

    monkeypatch.setattr(import_run, "_write_batch", after_delete)
    assert imports.run_due(now=NOW) == 1

    assert not Lead.objects.exists()


def test_twenty_thousand_rows_are_imported_whole(lead_list: LeadList) -> None:
    lead_import = make_import(lead_list, many(20_000))
    run(lead_import)

    assert_whole(lead_import, 20_000)


def test_what_no_database_takes_does_not_stop_an_import(lead_list: LeadList) -> None:
    content = "nome;telefone;obs\nAna\x00;(11) 98765-4321;a\nRuim\ud800;190;b".encode("utf-8", "surrogatepass")
    lead_import = make_import(lead_list, content)
    run(lead_import)

    assert outcome_counts(lead_import) == {"created": 1, "rejected": 1}
    assert Lead.objects.get().name == "Ana"


def test_more_rows_than_a_spreadsheet_program_holds_are_refused(
    lead_list: LeadList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "MAX_ROWS", 5)
    fits, too_many = make_import(lead_list, many(5)), make_import(make_list(make_account()), many(6))
    run(fits, too_many)

    assert (fits.status, too_many.status, too_many.reason) == ("done", "rejected", "too_many_rows")


def test_the_stored_file_has_a_name_of_its_own_and_the_given_one_is_only_shown(lead_list: LeadList) -> None:
    lead_import = make_import(lead_list, many(1), name="../../etc/clientes\n.csv")

    assert lead_import.upload_name == "clientes.csv"
    assert "clientes" not in str(lead_import.file)
    assert Path(lead_import.file.path).read_bytes() == many(1)


def test_what_is_too_large_or_has_no_ddd_is_refused_before_it_is_stored(
    lead_list: LeadList, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    with pytest.raises(UploadTooLarge):
        make_import(lead_list, many(10))
    with pytest.raises(UnknownDdd):
        make_import(lead_list, b"", ddd="10")
    assert not LeadImport.objects.exists()
    assert not Path(settings.MEDIA_ROOT).exists()


def test_an_import_into_another_accounts_list_is_refused(lead_list: LeadList) -> None:
    with pytest.raises(LeadList.DoesNotExist):
        imports.create_import(
            account=make_account(),
            lead_list=lead_list,
            upload=ContentFile(b"", name="a.csv"),
            default_ddd="",
            by=None,
            now=NOW,
        )

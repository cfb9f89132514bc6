"""Undoing an import: its leads go, those that something used stay, and the counters follow."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from extraction.errors import ImportNotFinished
from extraction.models import ImportRow, Lead, LeadList
from extraction.services import undo
from tests.extraction.rows import make_import, make_lead, make_list, many, run, sheet
from tests.factories import NOW, make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead_list() -> LeadList:
    return make_list(make_account())


def test_the_leads_of_the_import_go_and_others_stay(lead_list: LeadList) -> None:
    kept = make_lead(lead_list, variables={"origem": "feira"})
    lead_import = make_import(
        lead_list, sheet("Ana;(11) 98765-4321;5", "Fixo;(11) 3234-5678;", header="nome;fone;limite")
    )
    run(lead_import)

    assert undo.undo_import(lead_import=lead_import, now=NOW) == 2

    assert list(Lead.objects.all()) == [kept]
    lead_list.refresh_from_db()
    assert (lead_list.lead_count, lead_list.contactable_count) == (1, 1)
    assert lead_list.variable_keys == ["origem"]
    lead_import.refresh_from_db()
    assert (lead_import.undone_at, lead_import.undone_count) == (NOW, 2)
    assert ImportRow.objects.count() == 2


def test_leads_that_something_used_stay(lead_list: LeadList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "CHUNK", 2)
    monkeypatch.setattr(undo, "_uses", [])
    lead_import = make_import(lead_list, many(5))
    run(lead_import)
    used = Lead.objects.order_by("id")[3].pk

    def use(ids: Sequence[int]) -> set[int]:
        return {used} & set(ids)

    undo.register_lead_use(use)
    undo.register_lead_use(use)
    assert undo.undo_import(lead_import=lead_import, now=NOW) == 4
    undo.unregister_lead_use(use)

    assert Lead.objects.get().pk == used
    lead_list.refresh_from_db()
    assert (lead_list.lead_count, lead_list.contactable_count) == (1, 1)


def test_only_a_finished_import_is_undone_and_only_once(lead_list: LeadList) -> None:
    lead_import = make_import(lead_list, many(1))
    with pytest.raises(ImportNotFinished):
        undo.undo_import(lead_import=lead_import, now=NOW)
    run(lead_import)
    undo.undo_import(lead_import=lead_import, now=NOW)
    with pytest.raises(ImportNotFinished):
        undo.undo_import(lead_import=lead_import, now=NOW)


def test_what_was_undone_can_be_imported_again(lead_list: LeadList) -> None:
    first = make_import(lead_list, many(3))
    run(first)
    undo.undo_import(lead_import=first, now=NOW)
    second = make_import(lead_list, many(3))
    run(second)

    assert second.created_count == 3

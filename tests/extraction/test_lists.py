"""Lists: their names, and what deleting one asks first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Account
from extraction.errors import ListInUse, ListNameMissing, ListNameTaken
from extraction.models import ImportRow, Lead, LeadImport, LeadList
from extraction.services import lists
from tests.extraction.rows import make_import, make_list, many, run
from tests.factories import NOW, make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def use() -> Iterator[dict[str, lists.ListUse]]:
    """What a higher app says it holds, by the list's name; only the test's own guard is asked."""
    said: dict[str, lists.ListUse] = {}
    others = list(lists._guards)
    lists._guards[:] = []

    def guard(*, lead_list: LeadList) -> lists.ListUse:
        return said.get(lead_list.name, lists.ListUse())

    lists.register_guard(guard)
    lists.register_guard(guard)  # twice is once
    yield said
    lists.unregister_guard(guard)
    lists.unregister_guard(guard)
    assert lists._guards == []
    lists._guards[:] = others


def test_a_list_has_a_tidy_name_that_is_the_accounts_only_one(account: Account) -> None:
    made = lists.create_list(account=account, name="  Clientes   de  maio ", now=NOW)

    assert made.name == "Clientes de maio"
    with pytest.raises(ListNameTaken):
        lists.create_list(account=account, name="Clientes de maio", now=NOW)
    with pytest.raises(ListNameMissing):
        lists.create_list(account=account, name=" \n", now=NOW)
    lists.create_list(account=make_account(), name="Clientes de maio", now=NOW)


def test_asking_for_a_list_by_name_gives_the_same_one(account: Account) -> None:
    first = lists.get_or_create_list(account=account, name="Clientes", now=NOW)

    assert lists.get_or_create_list(account=account, name=" Clientes ", now=NOW) == first
    assert LeadList.objects.count() == 1


def test_a_list_is_renamed_unless_the_name_is_taken(account: Account) -> None:
    lead_list = make_list(account, "Antiga")
    make_list(account, "Outra")

    lists.rename_list(lead_list=lead_list, name="Nova")
    with pytest.raises(ListNameTaken):
        lists.rename_list(lead_list=lead_list, name="Outra")
    assert lead_list.name == "Nova"
    lead_list.refresh_from_db()
    assert lead_list.name == "Nova"


def test_a_list_goes_with_its_leads_its_history_and_its_files(
    account: Account, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    lead_list = make_list(account)
    lead_import = make_import(lead_list, many(3))
    run(lead_import)
    path = Path(lead_import.file.path)
    assert path.exists()

    with django_capture_on_commit_callbacks(execute=True):
        lists.delete_list(lead_list=lead_list)

    assert not path.exists()
    for model in (LeadList, Lead, LeadImport, ImportRow):
        assert not model._default_manager.exists()


def test_a_list_that_something_open_needs_stays_and_says_for_whom(
    account: Account, use: dict[str, lists.ListUse]
) -> None:
    lead_list = make_list(account)
    use["Clientes"] = lists.ListUse(open_names=("Natal", "Páscoa"), kept_count=7)

    with pytest.raises(ListInUse) as refusal:
        lists.delete_list(lead_list=lead_list)

    assert refusal.value.params == {"count": 2, "names": "Natal, Páscoa"}
    assert LeadList.objects.exists()


def test_what_campaigns_keep_does_not_hold_a_list_back(account: Account, use: dict[str, lists.ListUse]) -> None:
    lead_list = make_list(account)
    use["Clientes"] = lists.ListUse(kept_count=7)
    assert lists.list_use(lead_list=lead_list) == lists.ListUse(kept_count=7)

    lists.delete_list(lead_list=lead_list)

    assert not LeadList.objects.exists()

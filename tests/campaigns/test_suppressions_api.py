from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership
from campaigns.models import Suppression

pytestmark = pytest.mark.django_db
JSON = "application/json"
ADDRESS = "/api/suppressions/"


def test_a_phone_is_stored_by_its_identity_and_the_first_reason_stays(ana_browser: Client, ana: Membership) -> None:
    first = ana_browser.post(ADDRESS, {"phone": "(11) 98765-4321", "reason": "opt_out"}, JSON)
    again = ana_browser.post(ADDRESS, {"phone": "+55 11 98765-4321"}, JSON)

    assert (first.status_code, first.json()["phone"]) == (201, "+5511987654321")
    assert again.json()["reason"] == "opt_out"
    row = Suppression.objects.get()
    assert (row.account, row.created_by) == (ana.account, ana.user)


@pytest.mark.parametrize("phone", ["", "abc", "98765-4321"])
def test_what_is_no_phone_is_refused(ana_browser: Client, phone: str) -> None:
    answer = ana_browser.post(ADDRESS, {"phone": phone}, JSON)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["phone"])


def test_nothing_deletes_an_opt_out(ana_browser: Client, ana: Membership) -> None:
    row = Suppression.objects.create(account=ana.account, phone="+5511987654321", reason="opt_out")

    assert ana_browser.delete(f"{ADDRESS}{row.pk}/").status_code in (404, 405)
    assert ana_browser.delete(ADDRESS).status_code == 405


def test_strangers_see_nothing_and_viewers_add_nothing(
    caio_browser: Client, beto_browser: Client, ana: Membership
) -> None:
    Suppression.objects.create(account=ana.account, phone="+5511987654321", reason="opt_out")

    assert caio_browser.get(ADDRESS).json()["count"] == 0
    assert beto_browser.get(ADDRESS).json()["count"] == 1
    assert beto_browser.post(ADDRESS, {"phone": "(11) 98765-4322"}, JSON).status_code == 403

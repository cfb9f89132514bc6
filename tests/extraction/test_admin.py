"""The admin finds lists, leads and imports, changes none of them, and starts interrupted imports again."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership
from extraction.models import LeadImport
from tests.extraction.rows import make_import, make_lead, make_list, many, run
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    client = Client()
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_lists_leads_and_imports_are_found(operator: Client, ana: Membership) -> None:
    lead_list = make_list(ana.account, "Clientes")
    make_lead(lead_list, "+5511987654321", name="José")
    lead_import = make_import(lead_list, many(2))
    run(lead_import)

    for address, word in (
        ("leadlist/?q=padariasol", "Clientes"),
        ("lead/?q=98765", "José"),
        ("leadimport/?q=clientes", "clientes.csv"),
        (f"importrow/?lead_import__id__exact={lead_import.pk}", "Pessoa 1"),
        (f"leadimport/{lead_import.pk}/change/", "clientes.csv"),
    ):
        answer = operator.get(f"/admin/extraction/{address}")
        assert (answer.status_code, word in answer.content.decode()) == (200, True), address


def test_nothing_is_added_or_deleted_there(operator: Client, ana: Membership) -> None:
    lead = make_lead(make_list(ana.account))

    assert operator.get("/admin/extraction/lead/add/").status_code == 403
    assert operator.post(f"/admin/extraction/lead/{lead.pk}/delete/").status_code == 403


def test_an_interrupted_import_goes_back_to_the_queue(operator: Client, ana: Membership) -> None:
    failed, waiting = (make_import(make_list(ana.account, name), many(1)) for name in ("A", "B"))
    LeadImport.objects.filter(pk=failed.pk).update(status="failed", reason="interrupted")

    answer = operator.post(
        "/admin/extraction/leadimport/",
        {"action": "retry", "_selected_action": [failed.pk, waiting.pk]},
        follow=True,
    )

    assert "1 de volta à fila" in answer.content.decode()
    failed.refresh_from_db()
    assert failed.status == "queued"

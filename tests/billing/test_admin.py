from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.sites import site
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing.domain.masking import mask
from billing.models import (
    BlockLift,
    CatalogueEntry,
    Grant,
    Licence,
    Payment,
    PaymentEvent,
    Plan,
    Revocation,
    SendAllowance,
    Subscription,
)
from billing.services import licence
from tests.billing.factories import FIXTURES, load_example_catalogue, make_account, payload, receive

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.billing.urls")]

MODELS = sorted(model._meta.model_name or "" for model in site._registry if model._meta.app_label == "billing")


@pytest.fixture
def operator() -> Client:
    client = Client()
    user = User.objects.create_superuser("operadora@example.com", "um segredo longo")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def act(operator: Client, model: str, action: str, *rows: Any) -> Any:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return operator.post(reverse(f"admin:billing_{model}_changelist"), data)


@pytest.fixture
def world(now: dt.datetime) -> PaymentEvent:
    """One of everything."""
    load_example_catalogue(now=now)
    event = receive(payload("PURCHASE_APPROVED"), now=now)
    receive(payload("SWITCH_PLAN"), now=now)
    return event


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_row_opens_and_searches(model: str, operator: Client, world: PaymentEvent) -> None:
    changelist = reverse(f"admin:billing_{model}_changelist")
    assert operator.get(changelist).status_code == 200
    assert operator.get(changelist, {"q": "compradora"}).status_code == 200
    rows = next(m for m in site._registry if m._meta.model_name == model and m._meta.app_label == "billing")
    row = rows._default_manager.first()
    if row is not None:
        assert operator.get(reverse(f"admin:billing_{model}_change", args=[row.pk])).status_code == 200


def test_an_edited_plan_is_a_new_version(operator: Client) -> None:
    plan = Plan.objects.get(slug="pro", is_current=True)
    url = reverse("admin:billing_plan_change", args=[plan.pk])
    values = {
        "numbers": 3,
        "daily_per_number": 40,
        "daily_min": 40,
        "daily_max": 40,
        "extraction_quota": 2000,
        "min_gap_s": 0,
    }
    assert operator.post(url, values).status_code == 302
    plan.refresh_from_db()
    assert (plan.numbers, plan.is_current) == (2, False)
    assert Plan.objects.get(slug="pro", is_current=True).numbers == 3
    assert operator.post(url, values).status_code == 403  # an old version is history
    current = reverse("admin:billing_plan_change", args=[Plan.objects.get(slug="pro", is_current=True).pk])
    assert operator.post(current, values | {"daily_min": 50}).status_code == 200
    assert Plan.objects.filter(slug="pro").count() == 2


def test_changing_the_plan_is_a_grant_with_a_reason(operator: Client) -> None:
    account = make_account()
    row = licence.recompute(account=account, now=dt.datetime.now(dt.UTC))
    answer = act(operator, "licence", "change_plan", row)
    assert answer["Location"] == f"{reverse('admin:billing_grant_add')}?account={account.pk}"
    form = {"account": account.pk, "plan": Plan.objects.get(slug="scale").pk, "ends_at_0": "", "ends_at_1": ""}
    assert operator.post(reverse("admin:billing_grant_add"), form | {"reason": ""}).status_code == 200
    past = form | {"reason": "x", "ends_at_0": "01/01/2020", "ends_at_1": "00:00"}
    assert operator.post(reverse("admin:billing_grant_add"), past).status_code == 200
    assert not Grant.objects.exists()
    assert operator.post(reverse("admin:billing_grant_add"), form | {"reason": "cortesia"}).status_code == 302
    grant = Grant.objects.get()
    assert (grant.reason, grant.granted_by and grant.granted_by.email) == ("cortesia", "operadora@example.com")
    assert SendAllowance.objects.get(account=account).numbers == 4
    act(operator, "grant", "withdraw", grant)
    assert Licence.objects.get(account=account).state == "expired"
    assert LogEntry.objects.count() == 2


def test_a_revocation_and_its_withdrawal(operator: Client) -> None:
    account = make_account()
    operator.post(reverse("admin:billing_revocation_add"), {"account": account.pk, "reason": "fraude"})
    assert Licence.objects.get(account=account).state == "blocked"
    act(operator, "revocation", "withdraw", Revocation.objects.get())
    assert Licence.objects.get(account=account).state == "none"


def test_halting_and_lifting(operator: Client) -> None:
    account = make_account()
    licence.recompute(account=account, now=dt.datetime.now(dt.UTC))
    row = SendAllowance.objects.get(account=account)
    act(operator, "sendallowance", "halt", row)
    row.refresh_from_db()
    assert row.halted_reason == "operator"
    act(operator, "sendallowance", "lift_halt", row)
    row.refresh_from_db()
    assert row.halted_reason == ""


def test_lifting_a_block_asks_for_the_reason(operator: Client, world: PaymentEvent) -> None:
    row = Subscription.objects.get()
    answer = act(operator, "subscription", "lift_block", row)
    assert operator.post(answer["Location"], {"subscription": row.pk, "reason": "engano"}).status_code == 302
    assert BlockLift.objects.get().subscription == row


def test_events_are_processed_again(operator: Client, world: PaymentEvent, now: dt.datetime) -> None:
    Payment.objects.all().delete()
    act(operator, "paymentevent", "process_again", world)
    assert Payment.objects.count() == 1


def test_saving_a_mapping_makes_waiting_events_due(operator: Client, world: PaymentEvent, now: dt.datetime) -> None:
    waiting = receive(payload("PURCHASE_APPROVED.one_time"), now=now)
    entry = CatalogueEntry.objects.get(hotmart_plan_id="910006")
    form = {
        "product": entry.product_id,
        "hotmart_plan_id": "910006",
        "name": "Scale Anual",
        "tier": "scale",
        "period": "annual",
        "offers-TOTAL_FORMS": 1,
        "offers-INITIAL_FORMS": 0,
        "offers-0-code": "avulso99",
        "offers-0-entry": entry.pk,
    }
    assert operator.post(reverse("admin:billing_catalogueentry_change", args=[entry.pk]), form).status_code == 302
    waiting.refresh_from_db()
    assert waiting.status == "pending"


@pytest.mark.parametrize("model", ["paymentevent", "subscription", "payment", "licence", "sendallowance"])
def test_history_can_neither_be_added_nor_changed_nor_deleted(
    model: str, operator: Client, world: PaymentEvent
) -> None:
    rows = next(m for m in site._registry if m._meta.model_name == model)
    row = rows._default_manager.first()
    assert row is not None
    assert operator.get(reverse(f"admin:billing_{model}_add")).status_code == 403
    assert operator.post(reverse(f"admin:billing_{model}_change", args=[row.pk]), {}).status_code == 403
    assert operator.post(reverse(f"admin:billing_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_who_may_only_look_runs_no_action(world: PaymentEvent) -> None:
    user = User.objects.create_user("leitora@example.com", "um segredo longo", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_sendallowance"))
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    act(client, "sendallowance", "halt", SendAllowance.objects.get())
    assert SendAllowance.objects.get().halted_reason == ""


def test_the_payload_is_shown_without_personal_data(operator: Client, world: PaymentEvent) -> None:
    page = operator.get(reverse("admin:billing_paymentevent_change", args=[world.pk])).content.decode()
    page = page[page.index("<pre>") : page.index("</pre>")]  # the account beside it is named after its owner
    assert "HP9100000001" in page
    for secret in ("compradora.ficticia", "Fictícia da Silva", "00000000000", "11900000000", "FAKEPIXCODE"):
        assert secret not in page


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("v*.json")))
def test_no_example_shows_a_person_once_masked(name: str) -> None:
    text = json.dumps(mask(json.loads((FIXTURES / name).read_text())), ensure_ascii=False)
    for secret in ("Silva", "Souza", "Legado", "Visitante", "Sintética Ltda", "ficticia@", "900000000", "Dados Sint"):
        assert secret not in text
    assert "Painel Exemplo SaaS" in text or "test postback" in text

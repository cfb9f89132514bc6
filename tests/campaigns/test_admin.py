from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, User
from campaigns.models import CampaignMessage, Connection, Reply
from tests.campaigns.rows import make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db
# Parts of a campaign, shown on its page.
PARTS = {"variation", "campaignlist", "campaignlane"}


@pytest.fixture
def operator(client: Client) -> Client:
    user = User.objects.create_superuser("operadora@example.com")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def account() -> Account:
    return make_sender()


def test_every_model_has_its_screen(operator: Client, account: Account) -> None:
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 2)

    for model in apps.get_app_config("campaigns").get_models():
        if model._meta.model_name in PARTS:
            continue
        assert model in admin.site._registry, model
        page = operator.get(reverse(f"admin:campaigns_{model._meta.model_name}_changelist"), {"q": "1"})
        assert page.status_code == 200, model


def test_secrets_and_texts_are_on_no_screen(operator: Client, account: Account) -> None:
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    message = make_messages(campaign, connection, 1)[0]
    CampaignMessage.objects.update(body="segredo-da-mensagem")
    reply = Reply.objects.create(
        account=account, connection=connection, phone=message.phone, gateway_message_id="x", text="segredo-da-resposta"
    )

    for row in (connection, campaign, message, reply):
        page = operator.get(reverse(f"admin:campaigns_{row._meta.model_name}_change", args=[row.pk])).content.decode()
        for secret in (connection.token, connection.instance_key, "segredo-da-", "Oi {nome}"):
            assert secret not in page


@pytest.mark.parametrize(("action", "after"), [("pause", "paused"), ("cancel", "cancelled")])
def test_actions_go_through_the_services(operator: Client, account: Account, action: str, after: str) -> None:
    campaign = make_campaign(account, make_connection(account))
    address = reverse("admin:campaigns_campaign_changelist")

    operator.post(address, {"action": action, "_selected_action": [campaign.pk]})
    again = operator.post(address, {"action": action, "_selected_action": [campaign.pk]}, follow=True)

    campaign.refresh_from_db()
    assert campaign.status == after
    assert "não dá para" in again.content.decode()


def test_a_number_in_use_is_not_archived(operator: Client, account: Account) -> None:
    used, free = make_connection(account), make_connection(account)
    make_campaign(account, used)
    address = reverse("admin:campaigns_connection_changelist")

    operator.post(address, {"action": "archive", "_selected_action": [used.pk, free.pk]})

    archived = set(Connection.objects.filter(archived_at__isnull=False).values_list("pk", flat=True))
    assert archived == {free.pk}


def test_nobody_edits_history(operator: Client, account: Account) -> None:
    connection = make_connection(account)
    message = make_messages(make_campaign(account, connection), connection, 1)[0]

    assert operator.post(reverse("admin:campaigns_campaignmessage_change", args=[message.pk]), {}).status_code == 403
    assert operator.post(reverse("admin:campaigns_campaignmessage_delete", args=[message.pk]), {}).status_code == 403


def test_the_list_of_messages_costs_the_same(
    operator: Client, account: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 40)

    with django_assert_max_num_queries(14):
        operator.get(reverse("admin:campaigns_campaignmessage_changelist"))

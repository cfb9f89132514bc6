from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, OutboxEmail, User
from accounts.selectors import authenticate_api_token
from accounts.services import outbox
from tests.factories import NOW, make_api_token, make_user

pytestmark = pytest.mark.django_db
PAGES = ["user", "account", "membership", "apitoken", "outboxemail", "sandboxclock"]


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser("ops@example.com"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def action(client: Client, model: str, name: str, pk: int) -> None:
    client.post(
        reverse(f"admin:accounts_{model}_changelist"), {"action": name, "_selected_action": [str(pk)]}, follow=True
    )


def test_the_admin_logs_in_on_the_portal_s_page(client: Client) -> None:
    assert client.get("/admin/login/").headers["Location"].startswith("/login/")


def test_a_member_who_is_no_operator_may_not_enter(ana_browser: Client) -> None:
    assert ana_browser.get("/admin/login/").status_code == 403


@pytest.mark.parametrize("model", PAGES)
def test_every_list_opens_and_searches(operator: Client, ana: Membership, model: str) -> None:
    make_api_token(membership=ana)
    outbox.queue_welcome(user=ana.user, key="1", now=NOW)

    assert operator.get(reverse(f"admin:accounts_{model}_changelist"), {"q": "ana"}).status_code == 200


@pytest.mark.parametrize("model", ["user", "account", "membership"])
def test_a_row_opens(operator: Client, ana: Membership, model: str) -> None:
    pk = {"user": ana.user_id, "account": ana.account_id, "membership": ana.pk}[model]

    assert operator.get(reverse(f"admin:accounts_{model}_change", args=[pk])).status_code == 200


def test_an_operator_adds_a_person_by_their_address(operator: Client) -> None:
    operator.post(reverse("admin:accounts_user_add"), {"email": "Nova@Example.com", "name": "Nova"})

    assert not User.objects.get(email="nova@example.com").has_usable_password()


def test_an_address_in_another_case_is_the_same_person(operator: Client) -> None:
    make_user(email="nova@example.com")

    response = operator.post(reverse("admin:accounts_user_add"), {"email": "NOVA@example.com", "name": "Nova"})

    assert response.status_code == 200
    assert User.objects.filter(email__iexact="nova@example.com").count() == 1


def test_an_operator_sends_a_password_link(operator: Client, ana: Membership) -> None:
    action(operator, "user", "send_password_link", ana.user_id)

    assert OutboxEmail.objects.get().kind == OutboxEmail.Kind.PASSWORD_RESET


def test_an_operator_revokes_a_key(operator: Client, ana: Membership) -> None:
    token, text = make_api_token(membership=ana)
    action(operator, "apitoken", "revoke", token.pk)

    assert authenticate_api_token(text) is None


def test_an_operator_starts_a_failed_mail_over(operator: Client, ana: Membership) -> None:
    email = outbox.queue_welcome(user=ana.user, key="1", now=NOW)
    OutboxEmail.objects.filter(pk=email.pk).update(failed_at=NOW, tries=10)
    action(operator, "outboxemail", "send_again", email.pk)
    email.refresh_from_db()

    assert (email.failed_at, email.tries) == (None, 0)


def test_history_cannot_be_written_by_hand(operator: Client) -> None:
    assert operator.get(reverse("admin:accounts_outboxemail_add")).status_code == 403
    assert operator.get(reverse("admin:accounts_apitoken_add")).status_code == 403

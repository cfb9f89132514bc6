from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, OutboxEmail
from accounts.services import links, outbox
from tests.conftest import browser_of
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "outra frase boa"


def asked_link(client: Client, email: str) -> str:
    """Ask for a link on the page, let the outbox send it, and read it from the mail, as a path."""
    client.post("/password-reset/", {"email": email})
    outbox.send_due(now=timezone.now())
    body = str(mail.outbox[-1].body)
    found = re.search(r"http://127\.0\.0\.1:8000(\S+)", body)
    assert found
    return found.group(1)


def choose(client: Client, link: str, password: str = NEW) -> str:
    """Open the link, follow it to the form, choose a password; the page that comes."""
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0]
    return client.post(path, {"password1": password, "password2": password}, follow=True).content.decode()


def test_a_forgotten_password_is_replaced_through_the_mail(client: Client, ana: Membership) -> None:
    page = choose(client, asked_link(client, "ANA@padariasol.com.br"))

    assert "Senha criada" in page
    assert client.post("/login/", {"login": ana.user.email, "password": NEW}).status_code == 302


def test_the_answer_is_the_same_for_an_unknown_address_and_nothing_is_sent(client: Client, ana: Membership) -> None:
    pages = [
        client.post("/password-reset/", {"email": email}, follow=True).content.decode()
        for email in (ana.user.email, "ninguem@example.com")
    ]
    outbox.send_due(now=timezone.now())

    assert all("Se o email informado estiver cadastrado, você receberá um link" in page for page in pages)
    assert [message.to for message in mail.outbox] == [[ana.user.email]]


def test_clicking_twice_sends_one_mail(client: Client, ana: Membership) -> None:
    now = timezone.now()
    outbox.queue_password_reset(user=ana.user, now=now)
    outbox.queue_password_reset(user=ana.user, now=now)

    assert OutboxEmail.objects.count() == 1


def test_a_link_works_once(client: Client, ana: Membership) -> None:
    link = asked_link(client, ana.user.email)
    choose(client, link)

    page = Client().get(link).content.decode()

    assert "Este link não vale mais" in page
    assert 'href="/password-reset/"' in page


def test_an_expired_link_offers_a_new_one(client: Client, ana: Membership, settings: Settings) -> None:
    link = links.set_password_link(ana.user).removeprefix("http://127.0.0.1:8000")
    settings.PASSWORD_RESET_TIMEOUT = -1

    assert "Pedir novo link" in client.get(link).content.decode()


def test_a_changed_letter_spoils_the_link(client: Client, ana: Membership) -> None:
    link = links.set_password_link(ana.user).removeprefix("http://127.0.0.1:8000")

    assert "Este link não vale mais" in client.get(f"{link[:-2]}x/").content.decode()


def test_the_link_names_the_public_address_whatever_host_the_request_claims(client: Client, ana: Membership) -> None:
    client.post("/password-reset/", {"email": ana.user.email}, headers={"host": "localhost"})
    outbox.send_due(now=timezone.now())

    assert "localhost" not in str(mail.outbox[-1].body)


def test_a_new_password_ends_the_sessions_of_the_old_one(client: Client, ana: Membership) -> None:
    elsewhere = browser_of(ana)
    choose(client, asked_link(client, ana.user.email))

    assert elsewhere.get("/account/").status_code == 302


def test_a_short_password_is_refused_in_portuguese(client: Client, ana: Membership) -> None:
    assert "10 caracteres" in choose(client, asked_link(client, ana.user.email), password="curta")


def test_the_mail_can_be_asked_for_again_a_minute_later(ana: Membership) -> None:
    now = timezone.now()
    outbox.queue_password_reset(user=ana.user, now=now)
    outbox.queue_password_reset(user=ana.user, now=now + dt.timedelta(minutes=1))

    assert OutboxEmail.objects.count() == 2


def test_changing_the_password_keeps_this_session_and_ends_the_others(ana: Membership) -> None:
    here, elsewhere = browser_of(ana), browser_of(ana)

    response = here.post("/account/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert response.headers["Location"] == "/account/"
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


def test_changing_the_password_needs_the_current_one(ana_browser: Client) -> None:
    response = ana_browser.post("/account/password/", {"oldpassword": "nada disso", "password1": NEW, "password2": NEW})

    assert "Essa não é a sua senha atual" in response.content.decode()

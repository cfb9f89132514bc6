from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Membership
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def log_in(client: Client, email: str, password: str = PASSWORD, **extra: str) -> int:
    response = client.post("/login/", {"login": email, "password": password}, **extra)  # type: ignore[arg-type]
    return response.status_code


def test_a_member_enters_with_their_address_in_any_case(client: Client, ana: Membership) -> None:
    response = client.post("/login/", {"login": "ANA@PadariaSol.com.br ", "password": PASSWORD})

    assert response.status_code == 302
    assert response.headers["Location"] == "/dashboard/"


def test_login_answers_without_the_final_slash(client: Client, ana: Membership) -> None:
    response = client.post("/login", {"login": ana.user.email, "password": PASSWORD})

    assert response.status_code == 302


def test_the_page_asked_for_opens_after_the_login(client: Client, ana: Membership) -> None:
    page = client.get("/account/")
    assert page.headers["Location"] == "/login/?next=/account/"

    response = client.post("/login/", {"login": ana.user.email, "password": PASSWORD, "next": "/account/"})

    assert response.headers["Location"] == "/account/"


def test_the_login_does_not_lead_to_another_site(client: Client, ana: Membership) -> None:
    response = client.post("/login/", {"login": ana.user.email, "password": PASSWORD, "next": "https://evil.example/"})

    assert response.headers["Location"] == "/dashboard/"


@pytest.mark.parametrize("email", ["ana@padariasol.com.br", "ninguem@example.com"])
def test_a_wrong_login_says_the_same_for_known_and_unknown_addresses(
    client: Client, ana: Membership, email: str
) -> None:
    response = client.post("/login/", {"login": email, "password": "errada errada"})

    assert "E-mail ou senha não conferem" in response.content.decode()


def test_after_five_wrong_passwords_even_the_right_one_waits(client: Client, ana: Membership) -> None:
    for _ in range(5):
        log_in(client, ana.user.email, "errada errada")

    response = client.post("/login/", {"login": ana.user.email, "password": PASSWORD})

    assert response.status_code == 200
    assert "espere alguns minutos" in response.content.decode()


def test_wrong_passwords_for_one_address_do_not_lock_another(client: Client, ana: Membership, caio: Membership) -> None:
    for _ in range(5):
        log_in(client, ana.user.email, "errada errada")

    assert log_in(client, caio.user.email) == 302


def test_a_deactivated_person_is_told_so(client: Client, ana: Membership) -> None:
    ana.user.is_active = False
    ana.user.save()

    response = client.post("/login/", {"login": ana.user.email, "password": PASSWORD}, follow=True)

    assert "Acesso desativado" in response.content.decode()


def test_a_person_without_an_account_sees_what_to_do(client: Client) -> None:
    user = make_user(email="so@example.com")
    client.post("/login/", {"login": user.email, "password": PASSWORD})

    response = client.get("/dashboard/")

    assert response.status_code == 403
    assert "Falta uma conta para você" in response.content.decode()


def test_logout_ends_the_session(ana_browser: Client) -> None:
    response = ana_browser.post("/logout/")

    assert response.headers["Location"] == "/login/"
    assert ana_browser.get("/account/").status_code == 302


def test_a_link_cannot_log_anyone_out(ana_browser: Client) -> None:
    assert ana_browser.get("/logout/").status_code == 405
    assert ana_browser.get("/account/").status_code == 200


@pytest.mark.parametrize("path", ["/signup/", "/register/", "/accounts/signup/"])
def test_there_is_no_sign_up(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_behind_a_proxy_one_attacker_does_not_lock_the_others_out(
    client: Client, ana: Membership, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(11):  # the address may fail ten times a minute
        client.post(
            "/login/",
            {"login": f"alvo{number}@example.com", "password": "errada errada"},
            headers={"X-Forwarded-For": "203.0.113.9"},
        )

    login = {"login": ana.user.email, "password": PASSWORD}
    attacker = client.post("/login/", login, headers={"X-Forwarded-For": "10.0.0.1, 203.0.113.9"})
    neighbour = client.post("/login/", login, headers={"X-Forwarded-For": "198.51.100.7"})

    assert attacker.status_code == 200
    assert neighbour.status_code == 302

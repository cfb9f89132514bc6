from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User


@pytest.mark.parametrize("path", ["/login", "/login/", "/password-reset", "/password-reset/"])
def test_a_page_answers_in_both_forms_without_a_redirect(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.django_db
def test_a_post_without_the_slash_keeps_its_body(client: Client) -> None:
    response = client.post("/login", {"login": "a@example.com", "password": "x"})

    assert "não conferem" in response.content.decode()


def test_an_unknown_page_stays_unknown(client: Client) -> None:
    assert client.get("/nada").status_code == 404
    assert client.get("/nada/").status_code == 404


@pytest.mark.django_db
def test_the_admin_answers_in_both_forms_too(client: Client) -> None:
    operator = User.objects.create_superuser("ops@example.com")
    client.force_login(operator, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert [client.get(path).status_code for path in ("/admin", "/admin/accounts/user", "/admin/accounts/nada")] == [
        200,
        200,
        404,
    ]


def test_a_stranger_learns_nothing_about_the_admin_s_pages(client: Client, db: None) -> None:
    answers = {client.get(path).status_code for path in ("/admin/accounts/user", "/admin/accounts/nada")}

    assert answers == {302}

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import Membership
from accounts.selectors import authenticate_api_token, list_api_tokens
from tests.factories import make_api_token

pytestmark = pytest.mark.django_db
SETTINGS = {"account_name": "Padaria Sol e Lua", "time_zone": "America/Manaus", "frequency_cap_days": "0"}


def test_an_owner_changes_the_account(ana_browser: Client, ana: Membership) -> None:
    assert ana_browser.post("/account/settings/", SETTINGS).status_code == 302
    ana.account.refresh_from_db()

    assert (ana.account.name, ana.account.time_zone, ana.account.frequency_cap_days) == (
        "Padaria Sol e Lua",
        "America/Manaus",
        0,
    )


def test_a_viewer_may_not_change_the_account_and_is_told_who_can(beto_browser: Client, ana: Membership) -> None:
    response = beto_browser.post("/account/settings/", SETTINGS)
    ana.account.refresh_from_db()

    assert response.status_code == 403
    assert "Peça ao dono da conta" in response.content.decode()
    assert ana.account.name == "Padaria Sol"


def test_a_viewer_sees_the_settings_but_no_form(beto_browser: Client) -> None:
    page = beto_browser.get("/account/").content.decode()

    assert "Só o dono da conta pode alterar" in page
    assert "/account/settings/" not in page


@pytest.mark.parametrize(
    ("field", "value"), [("frequency_cap_days", "-1"), ("time_zone", "Marte/Olimpo"), ("account_name", "")]
)
def test_a_wrong_setting_is_shown_beside_its_field(ana_browser: Client, field: str, value: str) -> None:
    response = ana_browser.post("/account/settings/", SETTINGS | {field: value})

    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()


def test_a_person_changes_their_name(beto_browser: Client, beto: Membership) -> None:
    beto_browser.post("/account/profile/", {"name": "Roberto Lima"})
    beto.user.refresh_from_db()

    assert beto.user.name == "Roberto Lima"


def test_a_new_key_is_shown_once(ana_browser: Client, ana: Membership) -> None:
    page = ana_browser.post("/account/tokens/", {"name": "Planilha"})
    found = re.search(r"li_[\w-]{40}", page.content.decode())

    assert found
    assert authenticate_api_token(found.group()) == ana
    assert "no-store" in page.headers["Cache-Control"]
    assert found.group() not in ana_browser.get("/account/").content.decode()


def test_a_revoked_key_leaves_the_page(ana_browser: Client, ana: Membership) -> None:
    token, _ = make_api_token(membership=ana)

    ana_browser.post(f"/account/tokens/{token.pk}/revoke/")

    assert not list_api_tokens(ana).exists()


def test_nobody_revokes_another_s_key(beto_browser: Client, caio_browser: Client, ana: Membership) -> None:
    token, _ = make_api_token(membership=ana)

    assert beto_browser.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert caio_browser.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert list_api_tokens(ana).exists()


def test_an_eleventh_key_is_refused_in_words(ana_browser: Client, ana: Membership) -> None:
    for _ in range(10):
        make_api_token(membership=ana)

    page = ana_browser.post("/account/tokens/", {"name": "mais uma"}, follow=True)

    assert "Você já tem 10 chaves" in page.content.decode()


def test_a_poll_of_an_ended_session_reloads_the_page(client: Client, db: None) -> None:
    response = client.get("/account/", headers={"HX-Request": "true"})

    assert response.status_code == 204
    assert response.headers["HX-Refresh"] == "true"


def test_times_are_those_of_the_account(ana_browser: Client, ana: Membership) -> None:
    make_api_token(membership=ana)
    ana.account.time_zone = "America/Rio_Branco"
    ana.account.save()

    assert "10/03/2026 10:00, horário do Acre" in ana_browser.get("/account/").content.decode()


def test_the_page_needs_few_queries(
    ana_browser: Client, ana: Membership, django_assert_max_num_queries: object
) -> None:
    for _ in range(5):
        make_api_token(membership=ana)
    ana_browser.get("/account/")

    with django_assert_max_num_queries(8):  # type: ignore[operator]
        ana_browser.get("/account/")

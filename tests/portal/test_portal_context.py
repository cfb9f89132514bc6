from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client, RequestFactory

from accounts.models import Membership
from billing.models import Licence, LicenceState
from leads_infinitos.portal import banners
from leads_infinitos.portal.context import Portal
from tests.factories import NOW


def active(path: str) -> list[str]:
    return [item.label for item in Portal(RequestFactory().get(path)).nav if item.is_active]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/dashboard/", "Início"),
        ("/leads/import/", "Leads"),
        ("/extractions/3/", "Leads"),
        ("/campaigns/7/", "Campanhas"),
        ("/connections/", "Conexões"),
        ("/plan/", "Plano"),
        ("/account/password/", "Conta"),
    ],
)
def test_the_menu_marks_where_one_is(path: str, label: str) -> None:
    assert active(path) == [label]


def test_an_address_that_only_begins_like_one_is_not_marked() -> None:
    assert active("/planets/") == []


def test_the_menu_is_in_the_order_of_the_work() -> None:
    labels = [item.label for item in Portal(RequestFactory().get("/")).nav]

    assert labels == ["Início", "Leads", "Campanhas", "Conexões", "Plano", "Conta"]


def licence(ana: Membership, state: LicenceState, **values: object) -> banners.Banner | None:
    Licence.objects.create(account=ana.account, state=state, **values)
    return banners.current(ana.account, now=NOW)


@pytest.mark.parametrize(
    "state", [LicenceState.ACTIVE, LicenceState.TRIALING, LicenceState.CANCELING, LicenceState.DISPUTED]
)
def test_a_licence_that_holds_says_nothing(ana: Membership, state: LicenceState) -> None:
    assert licence(ana, state, access_until=NOW + dt.timedelta(days=3)) is None


@pytest.mark.parametrize(
    "state", [LicenceState.EXPIRED, LicenceState.REFUNDED, LicenceState.BLOCKED, LicenceState.PENDING]
)
def test_a_lapsed_licence_says_what_stops_and_what_stays(ana: Membership, state: LicenceState) -> None:
    banner = licence(ana, state, access_until=NOW - dt.timedelta(days=3))

    assert banner
    assert banner.tone == "bad"
    assert "07/03/2026 12:00, horário de Brasília" in banner.text
    assert "exportar" in banner.text


def test_a_late_payment_says_until_when_sending_goes_on(ana: Membership) -> None:
    banner = licence(ana, LicenceState.PAST_DUE, grace_until=NOW + dt.timedelta(days=5))

    assert banner
    assert "15/03/2026 12:00" in banner.text


def test_an_account_without_a_licence_is_told_so(ana: Membership) -> None:
    banner = banners.current(ana.account, now=NOW)

    assert banner
    assert banner.title == "Sua conta ainda não tem um plano"


def test_the_banner_stands_on_every_page_of_a_member(ana_browser: Client) -> None:
    assert "Sua conta ainda não tem um plano" in ana_browser.get("/account/").content.decode()


@pytest.mark.parametrize("path", ["/login/", "/password-reset/", "/password-reset/sent/", "/nada/"])
def test_no_page_holds_inline_script_or_style(client: Client, path: str) -> None:
    response = client.get(path)
    page = response.content.decode()

    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert " onclick=" not in page
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]

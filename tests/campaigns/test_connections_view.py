from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Membership
from campaigns.models import Connection, SendLane
from leads_infinitos.sandbox.client import MegaInstance, SandboxClient
from leads_infinitos.sandbox.running import running_sandbox
from tests.campaigns.rows import give_allowance, make_campaign, make_connection

HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def instance(sandbox: SandboxClient, settings: Settings) -> MegaInstance:
    settings.GATEWAY_ALLOWED_HOSTS = [sandbox.mega_url]
    return sandbox.add_instance()


@pytest.fixture(autouse=True)
def _right(ana: Membership) -> None:
    give_allowance(ana.account, daily_per_number=30)


def filled(instance: MegaInstance, **changes: Any) -> dict[str, Any]:
    values = {"name": "Loja", "host": instance.host, "instance_key": instance.key, "token": instance.token}
    return {**values, "pace": "normal", "gap_min_s": "", "gap_max_s": "", "daily_cap": "", **changes}


def test_an_account_without_numbers_is_shown_the_next_step(ana_browser: Client) -> None:
    assert "Conecte seu WhatsApp" in ana_browser.get("/connections").content.decode()


def test_a_number_is_saved_and_tested_at_once(ana_browser: Client, instance: MegaInstance) -> None:
    page = ana_browser.post("/connections/new/", filled(instance), follow=True).content.decode()

    lane = SendLane.objects.get()
    assert "Loja está conectado e pronto para enviar." in page
    assert (lane.gap_min_s, lane.gap_max_s) == (300, 600)
    assert "a cada 5 a 10 min" in page
    assert instance.token not in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"host": "https://evil.example"}, "Este endereço não é da Mega API. Copie o host"),
        ({"token": ""}, "Este campo é obrigatório."),
        ({"pace": "custom", "gap_min_s": "5", "gap_max_s": "9"}, "Use 30 segundos ou mais"),
        ({"pace": "custom", "gap_min_s": "60", "gap_max_s": "9"}, "O máximo precisa ser igual ou maior que o mínimo."),
    ],
)
def test_a_refusal_says_what_to_do(
    ana_browser: Client, instance: MegaInstance, settings: Settings, changes: dict[str, str], sentence: str
) -> None:
    settings.MIN_GAP_S = 30.0

    answer = ana_browser.post("/connections/new/", filled(instance, **changes))

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Connection.objects.exists()


def test_presets_below_the_floor_are_not_offered(ana_browser: Client, settings: Settings) -> None:
    settings.MIN_GAP_S = 200.0

    page = ana_browser.get("/connections/new/").content.decode()

    assert "Rápido" not in page
    assert "Cuidadoso" in page


def test_a_card_says_state_pace_use_and_rest(ana_browser: Client, ana: Membership) -> None:
    tomorrow = timezone.now() + dt.timedelta(minutes=40)
    make_connection(ana.account, gap_s=60, rest_until=tomorrow, rest_reason="rate_limited")

    page = ana_browser.get("/connections/").content.decode()

    for text in ("Conectado", "a cada 1 min", "0 de 30", "descansando: o provedor pediu uma pausa; continua em"):
        assert text in page


def test_testing_a_number_tells_what_was_found(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)  # a port where nobody listens

    page = ana_browser.post(f"/connections/{connection.pk}/check/", follow=True).content.decode()

    assert "Não conseguimos falar com o provedor" in page


def test_the_pace_is_changed(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account, gap_s=60)
    address = f"/connections/{connection.pk}/pace/"
    assert 'value="custom" data-pace checked' in ana_browser.get(address).content.decode()

    ana_browser.post(address, {"pace": "careful", "daily_cap": "12"})

    lane = SendLane.objects.get()
    assert (lane.gap_min_s, lane.gap_max_s, lane.daily_cap) == (600, 1200, 12)


def test_a_number_in_use_is_not_removed(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    make_campaign(ana.account, connection, name="Natal")

    page = ana_browser.post(f"/connections/{connection.pk}/remove/", follow=True).content.decode()

    assert "Este número ainda é usado por: “Natal”." in page
    assert Connection.objects.get().archived_at is None


def test_the_qr_code_is_an_image_that_the_policy_allows(
    ana_browser: Client, sandbox: SandboxClient, settings: Settings
) -> None:
    settings.GATEWAY_ALLOWED_HOSTS = [sandbox.mega_url]
    instance = sandbox.add_instance(status="disconnected")
    ana_browser.post("/connections/new/", filled(instance))
    pk = Connection.objects.get().pk

    part = ana_browser.get(f"/connections/{pk}/qr/", headers=HTMX).content.decode()

    assert 'src="data:image/png;base64,' in part or "sendo preparado" in part


def test_strangers_and_viewers_do_nothing(caio_browser: Client, beto_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account, gap_s=60)

    for action in ("check", "pace", "remove"):
        address = f"/connections/{connection.pk}/{action}/"
        assert caio_browser.post(address, {"pace": "fast"}).status_code == 404
        assert beto_browser.post(address, {"pace": "fast"}).status_code == 403
    assert caio_browser.get(f"/connections/{connection.pk}/qr/").status_code == 404
    assert beto_browser.get(f"/connections/{connection.pk}/qr/").status_code == 403
    assert beto_browser.get("/connections/new/").status_code == 403
    page = beto_browser.get("/connections/").content.decode()
    assert connection.name in page
    assert "Remover" not in page


def test_a_poll_gets_the_cards_only(ana_browser: Client, ana: Membership) -> None:
    make_connection(ana.account)

    part = ana_browser.get("/connections/", headers=HTMX).content.decode()

    assert "<html" not in part
    assert "<dialog" not in part


def test_it_costs_the_same_for_one_and_for_many(
    ana_browser: Client, ana: Membership, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        make_campaign(ana.account, make_connection(ana.account))

    with django_assert_max_num_queries(11):
        ana_browser.get("/connections/")

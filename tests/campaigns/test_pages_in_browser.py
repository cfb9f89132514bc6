"""What only a browser can tell of campaigns: the form's helpers, dialogues, polls and the QR code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership
from campaigns.models import Campaign
from campaigns.services import connections
from campaigns.services.connections import Pace
from leads_infinitos.sandbox.running import running_sandbox
from tests.campaigns.rows import NOW, give_allowance, make_campaign, make_connection, make_list, make_messages
from tests.cast import make_cast
from tests.portal.browsers import CHROMIUM, enter, open_browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as chromium:
        yield chromium


@pytest.fixture
def ana(transactional_db: None) -> Membership:
    ana = make_cast().ana
    give_allowance(ana.account)
    return ana


@contextmanager
def page_at(browser: Browser, base: str, member: Membership, path: str) -> Iterator[Page]:
    """A page of the portal, logged in; it must not complain in the console."""
    complaints: list[str] = []
    with browser.new_context(locale="pt-BR", reduced_motion="reduce") as window:
        page = window.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        enter(page, base, member, path)
        yield page
    assert complaints == []


def test_the_form_adds_variations_previews_them_and_starts(
    browser: Browser, live_server: LiveServer, ana: Membership
) -> None:
    make_connection(ana.account)
    make_list(ana.account, leads=2, name="Clientes")
    with page_at(browser, live_server.url, ana, "/campaigns/new/") as page:
        page.get_by_label("Nome da campanha").fill("Natal")
        page.get_by_label("Clientes").check()
        page.get_by_role("textbox", name="Variação 1").fill("Oi ")
        page.get_by_role("button", name="{nome}").first.click()
        expect(page.locator("[data-preview-text]")).to_have_text("Oi Cliente 0")
        page.get_by_role("button", name="Adicionar variação").click()
        page.get_by_role("textbox", name="Variação 2").fill("Olá {nome|amigo}!")
        expect(page.locator("[data-preview-text]")).to_have_text("Olá Cliente 0!")
        expect(page.locator("[data-summary]")).to_have_text("Até 2 pessoas de 1 lista, por 1 número, com 2 variações.")
        page.get_by_role("button", name="Iniciar campanha").click()
        page.wait_for_url("**/campaigns/*/")
        expect(page.get_by_text("Preparando", exact=True)).to_be_visible()

    campaign = Campaign.objects.get()
    assert campaign.status == "running"
    assert [row.body for row in campaign.variations.all()] == ["Oi {nome}", "Olá {nome|amigo}!"]


def test_the_marked_time_shows_only_when_it_is_wanted(
    browser: Browser, live_server: LiveServer, ana: Membership
) -> None:
    with page_at(browser, live_server.url, ana, "/campaigns/new/") as page:
        time = page.get_by_label("Data e hora do início")
        expect(time).to_be_hidden()
        page.get_by_label("Agendar").check()
        expect(time).to_be_visible()
        expect(page.get_by_role("button", name="Agendar campanha")).to_be_visible()
        page.get_by_label("Domingo", exact=True).check()
        page.get_by_role("button", name="Mais um intervalo em Domingo").click()
        expect(page.get_by_label("Domingo, das")).to_have_count(2)


def test_a_running_campaign_moves_by_itself_and_a_deal_counts_in_place(
    browser: Browser, live_server: LiveServer, ana: Membership
) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection, created_at=NOW)
    make_messages(campaign, connection, 4)
    with page_at(browser, live_server.url, ana, f"/campaigns/{campaign.pk}/") as page:
        page.get_by_role("button", name="Um negócio a mais").click()
        expect(page.locator(".deals-count")).to_have_text("1")
        page.get_by_role("button", name="Cancelar", exact=True).click()
        expect(page.get_by_role("dialog")).to_contain_text("4 mensagens deixarão de sair")

        Campaign.objects.filter(pk=campaign.pk).update(queued_count=1, sent_count=3)

        expect(page.locator(".equation")).to_contain_text("3 enviadas", timeout=12_000)
        expect(page.get_by_role("dialog")).to_contain_text("1 mensagem deixará de sair")
        page.get_by_role("button", name="Cancelar campanha").click()
        expect(page.get_by_text("Campanha cancelada.")).to_be_visible()


def test_the_qr_code_comes_by_itself(
    browser: Browser, live_server: LiveServer, ana: Membership, settings: Settings
) -> None:
    with running_sandbox() as sandbox:
        settings.GATEWAY_ALLOWED_HOSTS = [sandbox.mega_url]
        instance = sandbox.add_instance(status="disconnected")
        connections.add_connection(
            account=ana.account,
            name="Loja",
            host=instance.host,
            instance_key=instance.key,
            token=instance.token,
            pace=Pace(),
            now=NOW,
        )
        with page_at(browser, live_server.url, ana, "/connections/") as page:
            page.get_by_role("link", name="QR code").click()
            expect(page.get_by_alt_text("QR code para ler com o WhatsApp")).to_be_visible(timeout=15_000)

"""What only a browser can tell of the shell and the entrance: policy, width, keys, buttons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership
from tests.cast import make_cast
from tests.factories import make_api_token
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
    make_api_token(membership=ana, name="Planilha")
    return ana


def context(browser: Browser, *, width: int = 1280, scheme: str = "light") -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="pt-BR",
        reduced_motion="reduce",
    )


def faults(page: Page) -> list[str]:
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found = [f"{item['id']}: {item['nodes'][0]['html']}" for item in Axe().run(page).response["violations"]]
    return [*found, f"{sideways} px sideways"] if sideways else found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_accessible_fit_the_screen_and_keep_the_policy(
    browser: Browser, live_server: LiveServer, ana: Membership, width: int, scheme: str
) -> None:
    complaints: list[str] = []
    with context(browser, width=width, scheme=scheme) as window:
        page = window.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for path in ("/login/", "/password-reset/", "/password-reset/sent/"):
            page.goto(live_server.url + path)
            complaints += [f"{path} {fault}" for fault in faults(page)]
        enter(page, live_server.url, ana, "/account/")
        for path in ("/account/", "/account/password/"):
            page.goto(live_server.url + path)
            complaints += [f"{path} {fault}" for fault in faults(page)]

    assert complaints == []


def test_the_chosen_theme_stays(browser: Browser, live_server: LiveServer, ana: Membership) -> None:
    with context(browser) as window:
        page = window.new_page()
        enter(page, live_server.url, ana, "/account/")
        paper = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(paper)
        page.get_by_role("button", name="Mudar entre tema claro e escuro").click()
        dark = page.evaluate(paper)
        page.reload()

        assert light != dark
        assert page.evaluate(paper) == dark


def test_a_key_is_revoked_only_after_the_question(browser: Browser, live_server: LiveServer, ana: Membership) -> None:
    with context(browser) as window:
        page = window.new_page()
        enter(page, live_server.url, ana, "/account/")
        page.get_by_role("button", name="Revogar a chave Planilha").click()
        question = page.get_by_role("dialog")
        assert question.is_visible()

        page.keyboard.press("Escape")
        assert not question.is_visible()

        page.get_by_role("button", name="Revogar a chave Planilha").click()
        question.get_by_role("button", name="Revogar chave").click()
        page.get_by_text("não abre mais nada").wait_for()


def test_the_first_tab_leads_to_the_content_and_a_password_can_be_shown(
    browser: Browser, live_server: LiveServer, ana: Membership
) -> None:
    with context(browser) as window:
        page = window.new_page()
        page.goto(f"{live_server.url}/login/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Ir para o conteúdo"

        page.get_by_role("button", name="Mostrar a senha").click()
        assert page.get_by_label("Senha", exact=True).get_attribute("type") == "text"


def test_the_phone_shows_the_whole_menu_at_the_foot(browser: Browser, live_server: LiveServer, ana: Membership) -> None:
    with context(browser, width=390) as window:
        page = window.new_page()
        enter(page, live_server.url, ana, "/account/")
        menu = page.get_by_role("navigation", name="Principal, no celular")

        assert menu.get_by_role("link").all_inner_texts() == [
            "Início",
            "Leads",
            "Campanhas",
            "Conexões",
            "Plano",
            "Conta",
        ]
        assert menu.locator("[aria-current=page]").inner_text() == "Conta"

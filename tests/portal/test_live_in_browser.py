"""Polled parts of a page: what a person sees when the server stops answering, and what a hidden tab asks for (nothing)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership
from tests.cast import make_cast
from tests.portal.browsers import CHROMIUM, enter, open_browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
REGION = """
<section data-live id="poll" hx-get="/poll/" hx-trigger="every 100ms" hx-swap="outerHTML">
  <b data-live-values>%s</b><span data-live-note></span>
</section>
"""


class Server:
    """Answers /poll/ as the test says."""

    def __init__(self) -> None:
        self.status = 200
        self.asked = 0

    def __call__(self, route: Route) -> None:
        self.asked += 1
        route.fulfill(status=self.status, content_type="text/html", body=REGION % self.asked)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, transactional_db: None, server: Server) -> Iterator[Page]:
    """A member's page with one polled part on it."""
    ana: Membership = make_cast().ana
    with browser.new_context() as window:
        page = window.new_page()
        enter(page, live_server.url, ana, "/account/")
        page.route("**/poll/", server)
        page.evaluate(
            "html => { document.querySelector('main').insertAdjacentHTML('beforeend', html);"
            " htmx.process(document.querySelector('main')); }",
            REGION % "first",
        )
        page.get_by_text("Atualizado agora").wait_for()
        yield page


def test_values_grey_when_the_poll_fails_and_come_back_with_it(page: Page, server: Server) -> None:
    server.status = 500
    page.get_by_text("Sem conexão: valores de").wait_for()
    assert page.locator("#poll.is-stale").count() == 1
    assert page.locator("#poll [data-live-values]").is_visible()

    server.status = 200
    page.get_by_text("Atualizado agora").wait_for()
    assert page.locator("#poll.is-stale").count() == 0


def test_an_answer_without_news_keeps_the_values_fresh(page: Page, server: Server) -> None:
    server.status = 500
    page.locator("#poll.is-stale").wait_for()

    server.status = 204
    page.locator("#poll:not(.is-stale)").wait_for()


def test_a_hidden_tab_asks_for_nothing_and_asks_at_once_when_it_is_back(page: Page, server: Server) -> None:
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(hide % "true")
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    before = server.asked
    page.evaluate("new Promise(done => setTimeout(done, 450))")  # four polls long
    assert server.asked == before

    page.evaluate(hide % "false" + "; document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_text(str(before + 1), exact=True).wait_for()

"""The server, the browser and the camera."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.factories import PASSWORD
from tests.portal.browsers import CHROMIUM, FLAGS
from tests.shots.seed import OWNER, seed

WIDTHS = {1280: 860, 390: 844}
TALLEST = 1900  # px: enough to judge a page, small enough to keep


def shoot(*, folder: Path, names: Sequence[str]) -> list[str]:
    """Take the pictures; gives what is wrong, one line per page and fault."""
    call_command("migrate", verbosity=0, interactive=False)
    pages = {name: address for name, address in seed().items() if not names or any(part in name for part in names)}
    folder.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with _server() as base, sync_playwright() as playwright:
        # The browser's own controls (times, dates) follow its language, not that of the page's context.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*FLAGS, "--lang=pt-BR"],
            env={**os.environ, "LANGUAGE": "pt_BR", "LANG": "pt_BR.UTF-8"},
        )
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                faults += _round(browser, base, pages, folder, width=width, scheme=scheme)
        browser.close()
    return faults


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the faults are what matters."""


@contextmanager
def _server() -> Iterator[str]:
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet, ipv6=False)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, name="shots-server", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
        connections.close_all()


def _round(browser: Browser, base: str, pages: dict[str, str], folder: Path, *, width: int, scheme: str) -> list[str]:
    faults: list[str] = []
    with _window(browser, width=width, scheme=scheme) as window:
        page = window.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        if "entrance" in pages:
            page.goto(f"{base}/login/")
            _picture(page, folder / f"entrance-{scheme}-{width}.png")
        _log_in(page, base)
        for name, address in pages.items():
            if name == "entrance":
                continue
            said.clear()
            answer = page.goto(base + address, wait_until="networkidle")
            _picture(page, folder / f"{name}-{scheme}-{width}.png")
            status = answer.status if answer else 0
            found = [*said, *([f"answered {status}"] if status != 200 else []), *_axe(page), *_sideways(page)]
            faults += [f"{name} {scheme} {width}: {fault}" for fault in found]
    return faults


@contextmanager
def _window(browser: Browser, *, width: int, scheme: str) -> Iterator[BrowserContext]:
    window = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="pt-BR",
        reduced_motion="reduce",
    )
    try:
        yield window
    finally:
        window.close()


def _log_in(page: Page, base: str) -> None:
    page.goto(f"{base}/login/")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Senha", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.wait_for_url(f"{base}/dashboard/")


def _picture(page: Page, path: Path) -> None:
    """The page from its top."""
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    width = page.viewport_size["width"] if page.viewport_size else 1280
    page.set_viewport_size({"width": width, "height": height})
    page.screenshot(path=path)
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})


def _axe(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in found]


def _sideways(page: Page) -> list[str]:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{over} px sideways"] if over > 0 else []

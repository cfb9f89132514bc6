"""The page at `/` and its style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from aiohttp import web

from leads_infinitos.sandbox.accept_log import AcceptLog
from leads_infinitos.sandbox.mail import Mailbox
from leads_infinitos.sandbox.page.html import e, form
from leads_infinitos.sandbox.page.panels import mails_panel, messages_panel
from leads_infinitos.sandbox.provider import CONTROL, Panel, Provider

REFRESH_S = 5
STYLE = Path(__file__).with_name("sandbox.css")
ICON = Path(__file__).with_name("icon.svg")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Page:
    def __init__(self, *, log: AcceptLog, mailbox: Mailbox, providers: Sequence[Provider]) -> None:
        self._log = log
        self._mailbox = mailbox
        self._providers = providers

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/", self.page)
        yield web.get(f"{CONTROL}/sandbox.css", self.style)
        yield web.get(f"{CONTROL}/icon.svg", self.icon)

    async def style(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=STYLE.read_text(encoding="utf-8"), content_type="text/css")

    async def icon(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=ICON.read_text(encoding="utf-8"), content_type="image/svg+xml")

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Everything at a glance; `?auto` draws it again every few seconds."""
        panels = [messages_panel(self._log), mails_panel(self._mailbox)]
        for provider in self._providers:
            panels += provider.panels(url=_own_address(request))
        html = layout(panels, auto="auto" in request.query, messages=len(self._log), mails=len(self._mailbox))
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return web.Response(text=html, content_type="text/html", headers=headers)


def _own_address(request: web.Request) -> str:
    """Where the server was reached, not as the visitor wrote it: a connection accepts only the address it knows."""
    host, port = request.get_extra_info("sockname")[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def layout(panels: Sequence[Panel], *, auto: bool, messages: int, mails: int) -> str:
    """The whole document."""
    navigation = "".join(f'<a href="#{e(panel.anchor)}">{e(panel.title)}</a>' for panel in panels)
    sections = "".join(
        f'<section id="{e(panel.anchor)}" aria-labelledby="{e(panel.anchor)}-t">'
        f'<h2 id="{e(panel.anchor)}-t">{e(panel.title)}</h2>{panel.html}</section>'
        for panel in panels
    )
    refresh = f'<meta http-equiv="refresh" content="{REFRESH_S}">' if auto else ""
    toggle = '<a href="/">Parar de atualizar</a>' if auto else '<a href="/?auto">Atualizar sozinha</a>'
    reset = form(f"{CONTROL}/reset", "", button="Apagar tudo", css="reset")
    return (
        '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{refresh}'
        f'<title>Sandbox · Leads Infinitos</title><link rel="stylesheet" href="{CONTROL}/sandbox.css">'
        f'<link rel="icon" href="{CONTROL}/icon.svg" type="image/svg+xml"></head><body>'
        '<header class="top"><div><h1>Sandbox</h1>'
        "<p>Nada daqui chega a ninguém: o WhatsApp, os e-mails e a Hotmart são de mentira.</p></div>"
        f'<p class="counts"><span><b>{messages}</b> mensagens</span><span><b>{mails}</b> e-mails</span></p></header>'
        f'<nav aria-label="Seções">{navigation}{toggle}{reset}</nav><main>{sections}</main></body></html>'
    )

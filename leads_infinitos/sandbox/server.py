"""Composes the providers, the mail sink and the control surface into one server on one event loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from leads_infinitos.sandbox.accept_log import AcceptLog
from leads_infinitos.sandbox.control import Control
from leads_infinitos.sandbox.hotmart_poster import HotmartPoster
from leads_infinitos.sandbox.mail import Mailbox
from leads_infinitos.sandbox.mega import control as mega_control
from leads_infinitos.sandbox.mega.provider import MegaApi
from leads_infinitos.sandbox.page.page import Page
from leads_infinitos.sandbox.provider import Provider

MAX_BODY_BYTES = 32 * 1024 * 1024  # base64 media
STOP_S = 1.0


@dataclass(frozen=True)
class Options:
    host: str = "127.0.0.1"
    port: int = 0  # 0: any free one
    smtp_port: int = 0
    accept_log: Path | None = None
    mega_admin_token: str | None = None


class SandboxServer:
    """Start and stop it on a running loop; `port` and `smtp_port` are known after `start`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0
        self.smtp_port = 0
        self.log = AcceptLog(options.accept_log)
        self.mailbox = Mailbox()
        mega = MegaApi(log=self.log, stopping=self._stopping, admin_token=options.mega_admin_token)
        self.providers: list[Provider] = [mega, HotmartPoster()]
        self._routes = [
            *(route for provider in self.providers for route in provider.routes()),
            *mega_control.routes(mega),
            *Control(log=self.log, mailbox=self.mailbox, providers=self.providers).routes(),
            *Page(log=self.log, mailbox=self.mailbox, providers=self.providers).routes(),
        ]

    async def start(self) -> None:
        """Listen. Raises OSError when a port is taken."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._options.host, self._options.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.smtp_port = await self.mailbox.start(host=self._options.host, port=self._options.smtp_port)

    async def stop(self) -> None:
        """Answer what hangs, drop the rest, close the log."""
        self._stopping.set()
        await self.mailbox.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        for provider in self.providers:
            await provider.close()
        self.log.close()

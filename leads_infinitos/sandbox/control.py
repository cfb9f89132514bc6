"""The control surface: what the sandbox saw, and putting it back to the start. Providers add their own switches."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence

from aiohttp import web

from leads_infinitos.sandbox.accept_log import AcceptLog
from leads_infinitos.sandbox.mail import Mailbox
from leads_infinitos.sandbox.provider import CONTROL, Provider
from leads_infinitos.sandbox.wire import BadField, answer, fields_of, guarded, int_field, json_response, text_field

SMTP_REFUSALS = {
    "temporary": "451 4.3.0 Try again later",
    "permanent": "550 5.1.1 No such mailbox",
}


class Control:
    def __init__(self, *, log: AcceptLog, mailbox: Mailbox, providers: Sequence[Provider]) -> None:
        self._log = log
        self._mailbox = mailbox
        self._providers = providers
        self._started = time.monotonic()

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get(f"{CONTROL}/state", guarded(self.state))
        yield web.get(f"{CONTROL}/accept-log", guarded(self.accept_log))
        yield web.post(f"{CONTROL}/reset", guarded(self.reset))
        yield web.get(f"{CONTROL}/mails", guarded(self.mails))
        yield web.get(f"{CONTROL}/mails/{{n:[0-9]+}}", guarded(self.mail_html))
        yield web.post(f"{CONTROL}/mails/faults", guarded(self.mail_faults))

    async def state(self, request: web.Request) -> web.StreamResponse:
        """Counters and switches. `cpu_s` is the CPU time of the process so far, `loop_cpu_s` of the server's thread."""
        return json_response(
            {
                "pid": os.getpid(),
                "uptime_s": round(time.monotonic() - self._started, 3),
                "cpu_s": time.process_time(),
                "loop_cpu_s": time.thread_time(),
                "accepted": len(self._log),
                "mails": len(self._mailbox),
                "providers": {provider.name: provider.state() for provider in self._providers},
            }
        )

    async def accept_log(self, request: web.Request) -> web.StreamResponse:
        """JSON lines, those with `n` larger than `?after=`."""
        after = int_field(dict(request.query), "after") or 0
        return web.Response(body=self._log.dump(after=after), content_type="application/x-ndjson")

    async def reset(self, request: web.Request) -> web.StreamResponse:
        """An empty log (its file too), no mails, the first instances, no faults."""
        self._log.clear()
        self._mailbox.clear()
        for provider in self._providers:
            provider.reset()
        return answer(request, {}, anchor="")

    async def mails(self, request: web.Request) -> web.StreamResponse:
        """Newest first, of everybody or of `?to=`."""
        return json_response([mail.as_json() for mail in self._mailbox.newest_first(to=request.query.get("to"))])

    async def mail_html(self, request: web.Request) -> web.StreamResponse:
        """The HTML part as a mail reader would draw it, where no script runs and nothing is fetched."""
        mail = self._mailbox.find(int(request.match_info["n"]))
        if mail is None or not mail.html:
            raise web.HTTPNotFound(text="no such mail")
        policy = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
        return web.Response(text=mail.html, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def mail_faults(self, request: web.Request) -> web.StreamResponse:
        """`refuse`: temporary or permanent for the next `times` mails (all when absent); nothing clears it."""
        fields = await fields_of(request)
        refuse = text_field(fields, "refuse")
        if refuse is not None and refuse not in SMTP_REFUSALS:
            raise BadField("refuse is temporary or permanent")
        self._mailbox.refusal = SMTP_REFUSALS[refuse] if refuse else ""
        self._mailbox.refusals_left = int_field(fields, "times") or None
        return answer(request, {"refuse": refuse}, anchor="emails")

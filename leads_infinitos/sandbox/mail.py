"""A mail server that delivers to nobody: it keeps the last mails to be looked at."""

from __future__ import annotations

import asyncio
import email
import email.policy
import logging
import re
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 500
_URL = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True)
class Mail:
    n: int
    wall: float  # seconds since the epoch
    sender: str
    to: list[str]  # the envelope's recipients
    subject: str
    text: str
    html: str
    links: list[str]  # http and https, in order, each once

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class Mailbox:
    """The SMTP server and what it received."""

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque(maxlen=KEPT)
        self._received = 0
        self._server: asyncio.Server | None = None
        self.refusal = ""  # an SMTP answer such as "451 try later": given to each mail instead of taking it
        self.refusals_left: int | None = None  # None: until cleared

    def __len__(self) -> int:
        return len(self._mails)

    async def start(self, *, host: str, port: int) -> int:
        """Listen; the port in use, chosen by the system when `port` is 0."""
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs every address at INFO
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, host=host, port=port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Take no more connections; those that are open end with the event loop."""
        if self._server is None:
            return
        self._server.close()
        await self._server.wait_closed()
        self._server = None

    def newest_first(self, *, to: str | None = None) -> Iterable[Mail]:
        """The kept mails, or those addressed to `to`."""
        wanted = None if to is None else to.casefold()
        return [
            m for m in reversed(self._mails) if wanted is None or wanted in (address.casefold() for address in m.to)
        ]

    def find(self, n: int) -> Mail | None:
        return next((mail for mail in self._mails if mail.n == n), None)

    def clear(self) -> None:
        self._mails.clear()
        self.refusal = ""
        self.refusals_left = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusal:
            answer = self.refusal
            if self.refusals_left is not None:
                self.refusals_left -= 1
                if self.refusals_left <= 0:
                    self.refusal, self.refusals_left = "", None
            return answer
        content = envelope.original_content or b""
        self._received += 1
        self._mails.append(parse_mail(content, n=self._received, to=list(envelope.rcpt_tos)))
        return "250 OK"

    def _session(self) -> SMTP:
        return SMTP(self, hostname="sandbox.localhost", ident="sandbox", enable_SMTPUTF8=True)


def parse_mail(content: bytes, *, n: int, to: list[str]) -> Mail:
    """A mail as read by a person: decoded parts, and the links in them."""
    message: Any = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
    text, html = _part(message, "plain"), _part(message, "html")
    collector = _Links()
    collector.feed(html)
    found = [url.rstrip(".,;:!?)") for url in _URL.findall(text)] + collector.links
    return Mail(
        n=n,
        wall=time.time(),
        sender=str(message.get("From", "")),
        to=to,
        subject=str(message.get("Subject", "")),
        text=text,
        html=html,
        links=list(dict.fromkeys(found)),
    )


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body(preferencelist=(subtype,))
    if part is None:
        return ""
    try:
        content: str = part.get_content()
    except LookupError:  # a charset that does not exist
        content = bytes(part.get_payload(decode=True) or b"").decode("utf-8", errors="replace")
    return content.replace("\r\n", "\n")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href") or ""
        if tag == "a" and href.startswith(("http://", "https://")):
            self.links.append(href)

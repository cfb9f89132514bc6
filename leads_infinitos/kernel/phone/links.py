"""Phone numbers inside addresses: WhatsApp links in every shape seen in scraped data, and nothing else.

Digits of any other address are never read, and no address is ever followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_WHATSAPP_HOST = r"(?:wa\.me|wa\.link|(?:[a-z]+\.)?whatsapp\.com)"
_BARE_DOMAIN = (
    r"(?:[a-z0-9-]+\.)+(?:com|net|org|br|me|ly|ee|link|app|gl|gle|co|io|page|site|online|store|shop|bio|to|cc|info)\b"
)
_LINK_START = re.compile(
    rf"(?<![\w@.-])(?:[a-z][a-z0-9+-]*://|https?:/?(?=[a-z])|www\.|{_WHATSAPP_HOST}(?=[/?]|$)|{_BARE_DOMAIN}(?=[/?#:]|\s|$))",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([a-z][a-z0-9+-]*):/*", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s+(?:[/|;]|ou|e)\s+|\s*[;,]\s+", re.IGNORECASE)
_NUMBER_AHEAD = re.compile(r"[\s+(]*[0-9][0-9\s().+\-–‐]*")
_SHORTENERS = frozenset({"wa.link", "bit.ly"})
_REDIRECTORS: dict[str, tuple[str, tuple[str, ...]]] = {  # host -> (path, parameters that hold the target)
    "google.com": ("/url", ("q", "url")),
    "l.instagram.com": ("/", ("u",)),
    "l.facebook.com": ("/l.php", ("u",)),
    "lm.facebook.com": ("/l.php", ("u",)),
    "l.wl.co": ("/l", ("u",)),
    "youtube.com": ("/redirect", ("q",)),
}
_GOOGLE = re.compile(r"google\.[a-z.]{2,6}")


@dataclass(frozen=True, slots=True)
class LinkReading:
    """The number text of a WhatsApp link, or the reason why there is none."""

    number: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text that is an address, or is not."""

    text: str
    is_link: bool


def split_links(text: str) -> list[Span]:
    """The text cut into addresses and what stands between them, in order; one plain span when there is no address."""
    spans: list[Span] = []
    position = 0
    for line in text.split("\n"):
        starts = [match.start() for match in _LINK_START.finditer(line)]
        position = 0
        for index, start in enumerate(starts):
            if start < position:  # a link inside a link: the outer one's query
                continue
            limit = next((other for other in starts[index + 1 :] if line[other - 1].isspace()), len(line))
            end = start + _link_length(line[start:limit])
            spans += [Span(line[position:start], is_link=False), Span(line[start:end], is_link=True)]
            position = end
        spans.append(Span(line[position:], is_link=False))
    if not any(span.is_link for span in spans):
        return [Span(text, is_link=False)]
    return [span for span in spans if span.text.strip()]


def read_link(link: str) -> LinkReading:
    """The number that a WhatsApp link names; one known redirector around it is unwrapped."""
    address = _Address.of(link)
    target = address.redirect_target()
    if target is not None:
        address = _Address.of(target)
    return address.read()


def _link_length(text: str) -> int:
    """Where an address that starts here ends. People leave blanks in WhatsApp numbers and in `text=`."""
    lowered = text.lower()
    is_whatsapp = "wa.me" in lowered or "whatsapp" in lowered
    if "?" not in text.split(" ", 1)[0] and not is_whatsapp:
        return len(text.split(None, 1)[0])
    if "text=" in lowered:
        return len(text)
    separator = _SEPARATOR.search(text)
    return separator.start() if separator else len(text)


@dataclass(frozen=True, slots=True)
class _Address:
    host: str
    path: str
    query: dict[str, str]  # lower-case name -> raw value; the first non-empty one wins

    @classmethod
    def of(cls, link: str) -> _Address:
        link = link.strip().replace("&amp;", "&")
        scheme = _SCHEME.match(link)
        rest = link[scheme.end() :] if scheme else link
        if scheme and scheme[1].lower().startswith("whatsapp"):
            rest = f"whatsapp.com/{rest}"
        before_query, _, query = rest.partition("?")
        host, slash, path = before_query.partition("/")
        host = host.partition(":")[0].lower().strip(". ").removeprefix("www.")
        return cls(host, slash + path.partition("#")[0], _parameters(query.partition("#")[0]))

    def redirect_target(self) -> str | None:
        host = "google.com" if _GOOGLE.fullmatch(self.host) else self.host
        if host not in _REDIRECTORS:
            return None
        path, names = _REDIRECTORS[host]
        if (self.path.rstrip("/") or "/") != path:
            return None
        return next((unquote(self.query[name]) for name in names if name in self.query), None)

    def read(self) -> LinkReading:
        segments = [unquote(segment) for segment in self.path.split("/") if segment.strip()]
        first = segments[0].lower().strip() if segments else ""
        if self.host in _SHORTENERS:
            return LinkReading(reason="short_link")
        if self.host == "chat.whatsapp.com" or (self.host == "whatsapp.com" and first == "chat"):
            return LinkReading(reason="group")
        if self.host != "wa.me" and not f".{self.host}".endswith(".whatsapp.com"):
            return LinkReading(reason="no_phone_in_link")
        if first in ("message", "qr"):
            return LinkReading(reason="short_link")
        number = self._number_in_path(segments, first) or self._number_in_query()
        return LinkReading(number) if number else LinkReading(reason="no_phone_in_link")

    def _number_in_path(self, segments: list[str], first: str) -> str | None:
        if first in ("c", "catalog"):  # catalogue: /c/NUMBER
            segments = segments[1:]
        elif first == "p":  # one product: /p/PRODUCT/NUMBER
            segments = segments[2:]
        elif self.host != "wa.me":
            return None
        return _leading_number(segments[0]) if segments else None

    def _number_in_query(self) -> str | None:
        raw = self.query.get("phone")
        if raw is None:
            return None
        value = unquote(raw.replace("+", " "))
        return _leading_number(unquote(value) if "%" in value else value)


def _leading_number(text: str) -> str | None:
    match = _NUMBER_AHEAD.match(text)
    return match[0] if match else None


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if value.strip():
            found.setdefault(unquote(name).strip().lower(), value)
    return found

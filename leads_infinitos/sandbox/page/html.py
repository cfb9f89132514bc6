"""Pieces of HTML that every panel uses. Each function escapes what it is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from html import escape
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")


def e(value: object) -> str:
    """Text safe in an element and in a quoted attribute."""
    return escape(str(value), quote=True)


def clock(wall: float) -> str:
    """A moment as a `<time>`, in Brasília's time."""
    moment = dt.datetime.fromtimestamp(wall, tz=ZONE)
    return f'<time datetime="{e(moment.isoformat())}" title="{moment:%d/%m/%Y %H:%M:%S} (Brasília)">{moment:%H:%M:%S}</time>'


def phone(digits: str) -> str:
    """`+55 (11) 98765-4321` when it is Brazilian, else `+` and the digits."""
    if digits.startswith("55") and len(digits) in (12, 13):
        local = digits[4:]
        return e(f"+55 ({digits[2:4]}) {local[:-4]}-{local[-4:]}")
    return e(f"+{digits}" if digits.isdecimal() else digits)


def link(url: str) -> str:
    """A link that opens beside this page; anything but http and https stays text."""
    if not url.startswith(("http://", "https://")):
        return e(url)
    return f'<a href="{e(url)}" target="_blank" rel="noopener noreferrer">{e(url)}</a>'


def field(label: str, name: str, value: object = "", *, kind: str = "text", hint: str = "") -> str:
    """A labelled input."""
    placeholder = f' placeholder="{e(hint)}"' if hint else ""
    return (
        f'<label class="field"><span>{e(label)}</span>'
        f'<input type="{e(kind)}" name="{e(name)}" value="{e(value)}"{placeholder} autocomplete="off"></label>'
    )


def select(label: str, name: str, options: Iterable[tuple[str, str]], *, chosen: str = "") -> str:
    """A labelled choice; options are (value, text)."""
    drawn = "".join(
        f'<option value="{e(value)}"{" selected" if value == chosen else ""}>{e(text)}</option>'
        for value, text in options
    )
    return f'<label class="field"><span>{e(label)}</span><select name="{e(name)}">{drawn}</select></label>'


def switch(label: str, name: str, *, on: bool) -> str:
    """A checkbox that also says when it is off."""
    return (
        f'<label class="switch"><input type="hidden" name="{e(name)}" value="off">'
        f'<input type="checkbox" name="{e(name)}" value="on"{" checked" if on else ""}><span>{e(label)}</span></label>'
    )


def hidden(name: str, value: object) -> str:
    return f'<input type="hidden" name="{e(name)}" value="{e(value)}">'


def form(action: str, body: str, *, button: str = "", css: str = "form") -> str:
    """A form that posts to the control surface; `body` is HTML."""
    submit = f'<button type="submit">{e(button)}</button>' if button else ""
    return f'<form method="post" action="{e(action)}" class="{e(css)}">{body}{submit}</form>'


def empty(text: str) -> str:
    return f'<p class="empty">{e(text)}</p>'

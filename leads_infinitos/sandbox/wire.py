"""Reading requests and writing answers on the control surface."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BadField(Exception):
    """A control request holds a value that cannot be used; its text says which."""


def json_response(value: object, *, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(value, ensure_ascii=False), status=status, content_type="application/json")


async def fields_of(request: web.Request) -> dict[str, object]:
    """The request's fields, from a JSON object or from a form of the page. Raises BadField."""
    if request.content_type == "application/json":
        try:
            value = await request.json()
        except ValueError as error:
            raise BadField("the body is not JSON") from error
        if not isinstance(value, dict):
            raise BadField("the body must be an object")
        return value
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def answer(request: web.Request, value: object, *, anchor: str, status: int = 200) -> web.Response:
    """JSON for programs; for a form of the page, back to the section it came from."""
    if request.content_type == "application/json" or request.method != "POST":
        return json_response(value, status=status)
    raise web.HTTPSeeOther(f"/#{anchor}")


def text_field(fields: Mapping[str, object], name: str) -> str | None:
    """The stripped text of a field; None when it is absent or empty."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadField(f"{name} must be text")
    return value.strip() or None


def int_field(fields: Mapping[str, object], name: str) -> int | None:
    """A whole number of 0 or more; None when absent or empty."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    try:
        number = int(str(value))
    except ValueError as error:
        raise BadField(f"{name} must be a whole number") from error
    if number < 0:
        raise BadField(f"{name} must not be negative")
    return number


def bool_field(fields: Mapping[str, object], name: str) -> bool | None:
    """A JSON boolean or a form's on/off; None when absent."""
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return value
    if value in ("on", "true", "1"):
        return True
    if value in ("off", "false", "0", ""):
        return False
    raise BadField(f"{name} must be true or false")


def is_cross_site(request: web.Request) -> bool:
    """True when another web site makes a browser post here: the surface has no login, it only listens on loopback."""
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def guarded(handler: Handler) -> Handler:
    """A control handler that refuses other web sites and answers 400 to a field it cannot use."""

    @functools.wraps(handler)
    async def guard(request: web.Request) -> web.StreamResponse:
        if request.method != "GET" and is_cross_site(request):
            return json_response({"error": "cross-site request"}, status=403)
        try:
            return await handler(request)
        except BadField as error:
            return json_response({"error": str(error)}, status=400)

    return guard

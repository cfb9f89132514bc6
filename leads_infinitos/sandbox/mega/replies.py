"""The bodies that Mega API answers with, good and bad."""

from __future__ import annotations

import json

from aiohttp import web

_JSON = {"Content-Type": "application/json; charset=utf-8"}


def ok(message: str, **more: object) -> web.Response:
    """200 in the usual wrapping."""
    return raw({"error": False, "message": message, **more})


def raw(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=json.dumps(value, ensure_ascii=False).encode(), headers=_JSON, status=status)


def encoded(body: bytes) -> web.Response:
    """200 with JSON that is already written."""
    return web.Response(body=body, headers=_JSON)


def exception(status: int, name: str, message: str) -> web.Response:
    """The framework's exception body, the first of the four failure shapes."""
    return raw({"name": name, "message": message, "status": status, "errors": []}, status=status)


def error_true(message: str) -> web.Response:
    """The second: 200 that is no success."""
    return raw({"error": True, "message": message})


def html_404(method: str, path: str) -> web.Response:
    """The third: what the server says on a path it does not have."""
    escaped = path.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n'
        f"<pre>Cannot {method} {escaped}</pre>\n</body>\n</html>\n"
    )
    return web.Response(text=page, status=404, content_type="text/html")


def gateway_error(status: int) -> web.Response:
    """The third again, from the proxy in front."""
    return web.Response(text=f"error code: {status}", status=status, content_type="text/plain")


def empty_200() -> web.Response:
    """The fourth: nothing that tells what happened."""
    return web.Response(status=200)


def partial_200() -> web.Response:
    """The fourth, without `messageData`."""
    return raw({"error": False, "message": "Message sent"})


def unauthorized() -> web.Response:
    return exception(401, "UNAUTHORIZED", "Unauthorized")


def wrong_key() -> web.Response:
    return exception(403, "FORBIDDEN", "Invalid instance_key supplied")


def instance_not_found() -> web.Response:
    return exception(404, "NOT_FOUND", "Instance not found")


def not_logged_in() -> web.Response:
    return exception(403, "FORBIDDEN", "Instance not logged in")


def not_registered() -> web.Response:
    return exception(403, "FORBIDDEN", "Number not registered on WhatsApp")


def already_logged_in() -> web.Response:
    return exception(403, "FORBIDDEN", "User is already logged in")


def bad_request(message: str) -> web.Response:
    return exception(400, "BAD_REQUEST", message)


def rate_limited(retry_after_s: int) -> web.Response:
    answer = exception(429, "TOO_MANY_REQUESTS", "Too many requests")
    answer.headers["Retry-After"] = str(retry_after_s)
    return answer

"""Addresses answer with and without the final slash, without a redirect: a redirected POST would lose its body."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class FinalSlashMiddleware:
    """Serves `/leads` as `/leads/` when only the latter is an address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not path.endswith("/") and not _is_page(path) and _is_page(path + "/"):
            request.path_info = path + "/"
            request.path += "/"
        return self.get_response(request)


def _is_page(path: str) -> bool:
    """Whether an address leads somewhere; the admin's catch-all, which takes any text to answer 404, does not count."""
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return getattr(match.func, "__name__", "") != "catch_all_view"

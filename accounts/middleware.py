"""Puts the member on the request and shows times in their account's zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.models import Membership, User
from accounts.selectors import find_membership

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class MembershipMiddleware:
    """Sets `request.membership`: the member's place in their account, or None. Views ask for it through `accounts.access`.

    A request without a session cookie costs no query, so webhooks and API tokens pass untouched.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        membership = self._membership(request)
        request.membership = membership  # type: ignore[attr-defined]  # typed by accounts.access.AccountRequest
        if membership is None:
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(membership.account.time_zone)):
            return self.get_response(request)

    def _membership(self, request: HttpRequest) -> Membership | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        return find_membership(request.user) if isinstance(request.user, User) else None

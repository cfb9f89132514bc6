"""What every template may ask of the portal, as `portal`: the menu, the member, the one banner, the time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from accounts import clock
from accounts.models import Membership
from leads_infinitos.portal import banners


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    icon: str
    is_active: bool


# In the order of the work: label, address, icon, and the addresses that belong to it.
_NAV = (
    ("Início", "/dashboard/", "home", ("/dashboard",)),
    ("Leads", "/leads/", "users", ("/leads", "/extractions", "/lists", "/imports")),
    ("Campanhas", "/campaigns/", "megaphone", ("/campaigns",)),
    ("Conexões", "/connections/", "device-phone-mobile", ("/connections",)),
    ("Plano", "/plan/", "credit-card", ("/plan",)),
    ("Conta", "/account/", "user-circle", ("/account",)),
)


class Portal:
    """Computed when a template asks, once per request."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def membership(self) -> Membership | None:
        return getattr(self._request, "membership", None)

    @cached_property
    def now(self) -> dt.datetime:
        return clock.now()

    @cached_property
    def nav(self) -> list[NavItem]:
        path = self._request.path
        return [
            NavItem(label, url, icon, is_active=any(path == root or path.startswith(f"{root}/") for root in roots))
            for label, url, icon, roots in _NAV
        ]

    @cached_property
    def banner(self) -> banners.Banner | None:
        membership = self.membership
        return banners.current(membership.account, now=self.now) if membership else None


def portal(request: HttpRequest) -> dict[str, Portal]:
    return {"portal": Portal(request)}

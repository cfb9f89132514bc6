"""Who speaks to the API: a member by session, or by `Authorization: Token <key>` (keys are stored hashed)."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts import clock
from accounts.models import Membership, User
from accounts.services import tokens

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HashedTokenAuthentication(BaseAuthentication):
    """`Authorization: Token li_…`. A wrong key is 401 at once, also beside a valid session."""

    keyword = b"token"

    def authenticate(self, request: Request) -> tuple[User, Membership] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        membership = (
            tokens.use_api_token(text=parts[1].decode("ascii", "replace"), now=clock.now()) if len(parts) == 2 else None
        )
        if membership is None:
            raise exceptions.AuthenticationFailed(code="invalid_token")
        timezone.activate(zoneinfo.ZoneInfo(membership.account.time_zone))
        return membership.user, membership

    def authenticate_header(self, request: Request) -> str:
        return "Token"


def membership_of(request: Request) -> Membership:
    """The member who speaks, with account and user. Only behind IsMember."""
    if isinstance(request.auth, Membership):
        return request.auth
    membership: Membership = request._request.membership  # type: ignore[attr-defined]
    return membership


class IsMember(BasePermission):
    """Any member reads; writing takes an owner or an operator."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if isinstance(request.auth, Membership):
            membership: Membership | None = request.auth
        else:
            membership = getattr(request._request, "membership", None)
        if membership is None or not request.user.is_authenticated:
            return False
        return request.method in SAFE_METHODS or membership.can_operate


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes the key."""

    target_class = HashedTokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token <chave>`"}

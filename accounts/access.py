"""Who may open a page. Three decorators for views, and the pattern for objects.

A view of a member's page takes an `AccountRequest` and stands under `member_required`, `operator_required` (may change
leads, connections and campaigns) or `owner_required` (may change the account). Objects are looked up by an `access_` function
of their app, which starts from the account and answers 404 to everyone else:

    def access_campaign(membership: Membership, campaign_id: int) -> Campaign:
        return get_object_or_404(Campaign, account=membership.account, pk=campaign_id)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from accounts.models import ApiToken, Membership, Role, User

P = ParamSpec("P")


class AccountRequest(HttpRequest):
    """The request of a logged-in member. Only the decorators below give one to a view."""

    user: User
    membership: Membership


MemberView = Callable[Concatenate[AccountRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def member_required(view: MemberView[P]) -> View[P]:
    """Anyone else is sent to the login; a person without an account sees a page that says what to do."""
    return _guarded(view, allows=lambda membership: True)


def operator_required(view: MemberView[P]) -> View[P]:
    """Owners and operators; a viewer sees who can do it (403)."""
    return _guarded(view, allows=lambda membership: membership.can_operate)


def owner_required(view: MemberView[P]) -> View[P]:
    """Owners only (403 for other members)."""
    return _guarded(view, allows=lambda membership: membership.role == Role.OWNER)


def _guarded(view: MemberView[P], *, allows: Callable[[Membership], bool]) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_login(request)
        membership: Membership | None = getattr(request, "membership", None)
        if membership is None:
            return render(request, "accounts/no_membership.html", status=403)
        if not allows(membership):
            return forbidden(request)
        return view(cast(AccountRequest, request), *args, **kwargs)

    return guarded


def _to_login(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):  # a poll of an ended session must not put the login page inside a tile
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path())


def forbidden(request: HttpRequest) -> HttpResponse:
    """The page for a member whose role does not permit the action."""
    return render(request, "403.html", status=403)


def access_api_token(membership: Membership, token_id: int) -> ApiToken:
    """The member's own key. 404 when it is another's."""
    return get_object_or_404(ApiToken, membership=membership, pk=token_id)

""" "Minha Conta": the person, the account, the keys. Login and password pages are allauth's, mounted in urls.py."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import clock, texts
from accounts.access import AccountRequest, access_api_token, member_required, owner_required
from accounts.errors import AccountError
from accounts.forms import AccountForm, ProfileForm, TokenForm
from accounts.models import Role
from accounts.selectors import list_api_tokens
from accounts.services import people, tokens


@require_safe
@member_required
def account(request: AccountRequest) -> HttpResponse:
    return _page(request)


@require_POST
@member_required
def profile(request: AccountRequest) -> HttpResponse:
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _page(request, profile_form=form)
    people.update_profile(user=request.user, name=form.cleaned_data["name"])
    messages.success(request, "Nome atualizado.")
    return redirect("accounts:account")


@require_POST
@owner_required
def settings(request: AccountRequest) -> HttpResponse:
    form = AccountForm(request.POST, account=request.membership.account)
    if not form.is_valid():
        return _page(request, account_form=form)
    people.update_account(
        account=request.membership.account,
        name=form.cleaned_data["account_name"],
        time_zone=form.cleaned_data["time_zone"],
        frequency_cap_days=form.cleaned_data["frequency_cap_days"],
        now=clock.now(),
    )
    messages.success(request, "Ajustes da conta salvos.")
    return redirect("accounts:account")


@never_cache
@require_POST
@member_required
def token_create(request: AccountRequest) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token_form=form)
    try:
        _, text = tokens.issue_api_token(membership=request.membership, name=form.cleaned_data["name"], now=clock.now())
    except AccountError as error:
        messages.error(request, texts.of(error))
        return redirect("accounts:account")
    return _page(request, new_token=text)  # shown in this answer only


@require_POST
@member_required
def token_revoke(request: AccountRequest, token_id: int) -> HttpResponse:
    token = access_api_token(request.membership, token_id)
    tokens.revoke_api_token(token=token, now=clock.now())
    messages.success(request, f"A chave “{token.name}” não abre mais nada.")
    return redirect("accounts:account")


def _page(
    request: AccountRequest,
    *,
    profile_form: Form | None = None,
    account_form: Form | None = None,
    token_form: Form | None = None,
    new_token: str = "",
) -> HttpResponse:
    """The whole page, with the form that was refused where one was."""
    account = request.membership.account
    initial = {
        "account_name": account.name,
        "time_zone": account.time_zone,
        "frequency_cap_days": account.frequency_cap_days,
    }
    refused = profile_form or account_form or token_form
    context = {
        "profile_form": profile_form or ProfileForm(initial={"name": request.user.name}),
        "account_form": account_form or AccountForm(initial=initial, account=account),
        "token_form": token_form or TokenForm(auto_id="id_token_%s"),
        "tokens": list_api_tokens(request.membership),
        "new_token": new_token,
        "time_zone_label": texts.TIME_ZONES.get(account.time_zone, account.time_zone),
        "is_owner": request.membership.role == Role.OWNER,
    }
    return render(request, "accounts/account.html", context, status=422 if refused else 200)

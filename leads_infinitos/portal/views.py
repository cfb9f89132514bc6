"""Pages that join several apps: the dashboard and the plan."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import clock
from accounts.access import AccountRequest, member_required, owner_required
from billing import texts as billing_texts
from billing.errors import BillingError
from billing.services.licence import choose_daily
from campaigns.selectors.periods import Period, period_of
from leads_infinitos.kernel.clock import local_day
from leads_infinitos.portal.selectors import dashboard as read_dashboard
from leads_infinitos.portal.selectors import plan_view

PERIODS = (("today", "Hoje"), ("7d", "7 dias"), ("30d", "30 dias"), ("month", "Este mês"), ("all", "Desde o início"))
DEFAULT_PERIOD = "30d"


@require_safe
@member_required
def dashboard(request: AccountRequest) -> HttpResponse:
    account, now = request.membership.account, clock.now()
    today = local_day(now, account.time_zone)
    period, refused = _period(request, today)
    context = {
        "board": read_dashboard(account=account, period=period, now=now),
        "filters": [
            {"url": f"?period={code}", "label": label, "is_current": code == period.code} for code, label in PERIODS
        ],
        "refused": refused,
        "today": today,
        "here": request.get_full_path(),
    }
    if request.headers.get("HX-Request"):
        return render(request, "portal/_board.html", context)
    return render(request, "portal/dashboard.html", context)


def _period(request: AccountRequest, today: dt.date) -> tuple[Period, bool]:
    """The period that was asked for; the default one, and True, where the question made no sense."""
    asked = request.GET.get("period", DEFAULT_PERIOD)
    try:
        days = (
            [dt.date.fromisoformat(request.GET[name]) for name in ("from", "to")] if asked == "custom" else [None, None]
        )
        return period_of(asked, today=today, first=days[0], last=days[1]), False
    except (ValueError, KeyError):
        return period_of(DEFAULT_PERIOD, today=today), True


@require_safe
@member_required
def plan(request: AccountRequest) -> HttpResponse:
    account = request.membership.account
    view = plan_view(account=account, now=clock.now())
    sentence = billing_texts.licence_sentence(view.plan.entitlement, account.time_zone)
    return render(request, "portal/plan.html", {"view": view, "right": view.plan.entitlement, "sentence": sentence})


@require_POST
@owner_required
def plan_daily(request: AccountRequest) -> HttpResponse:
    wanted = request.POST.get("daily", "")
    if not wanted.isdigit() or len(wanted) > 6:
        messages.error(request, "Escolha um número de mensagens por dia.")
        return redirect("portal:plan")
    try:
        choose_daily(account=request.membership.account, daily=int(wanted), now=clock.now())
        messages.success(request, "Limite por número atualizado. Já vale para a próxima mensagem.")
    except BillingError as error:
        messages.error(request, billing_texts.of(error))
    return redirect("portal:plan")

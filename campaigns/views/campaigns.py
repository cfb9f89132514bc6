"""The list of campaigns, the page of one, and what a person does to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as flashes
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts import clock
from accounts.access import AccountRequest, member_required, operator_required
from campaigns import texts
from campaigns.access import access_campaign, access_message
from campaigns.domain.states import CampaignStatus
from campaigns.forms.removal import DeleteCampaignForm
from campaigns.models import Campaign
from campaigns.selectors import campaigns, messages
from campaigns.selectors.campaigns import TABS
from campaigns.selectors.figures import figures_of
from campaigns.selectors.removal import DELETABLE, removal_of
from campaigns.selectors.retries import failures_of
from campaigns.selectors.unconfirmed import list_unconfirmed
from campaigns.services import lifecycle, settle
from leads_infinitos.kernel.errors import DomainError

PER_PAGE = 20
MESSAGES_PER_PAGE = 50
STARTED = "Campanha iniciada. Estamos preparando as mensagens."
TAB_WORDS = {
    "all": "Todas",
    "running": "Em andamento",
    "scheduled": "Agendadas",
    "paused": "Pausadas",
    "finished": "Encerradas",
    "draft": "Rascunhos",
}
FILTER_WORDS = {
    "all": "Todas",
    "queued": "Na fila",
    "sending": "Enviando",
    "sent": "Enviadas",
    "failed": "Falharam",
    "invalid": "Números inválidos",
    "unconfirmed": "Incertas",
    "skipped": "Ignoradas",
    "cancelled": "Canceladas",
}


@require_safe
@member_required
def campaign_list(request: AccountRequest) -> HttpResponse:
    account = request.membership.account
    tab = request.GET.get("tab", "all")
    tab, search = tab if tab in TABS else "all", request.GET.get("q", "").strip()
    rows = campaigns.list_campaigns(account=account, tab=tab, search=search)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    shown = campaigns.rows_of(list(page), account=account, now=clock.now())
    query = urlencode({name: value for name, value in (("tab", tab), ("q", search)) if value and value != "all"})
    context: dict[str, Any] = {
        "rows": shown,
        "page": page,
        "query": query,
        "poll": any(row.is_live for row in shown),
        "here": request.get_full_path(),
    }
    if request.headers.get("HX-Request"):
        return render(request, "campaigns/_rows.html", context)
    counts = campaigns.tab_counts(account=account)
    tabs = [
        {
            "url": f"?{urlencode({'tab': code} | ({'q': search} if search else {}))}",
            "label": word,
            "count": counts[code],
            "is_active": code == tab,
        }
        for code, word in TAB_WORDS.items()
        if counts[code] or code in ("all", tab)
    ]
    return render(
        request, "campaigns/list.html", context | {"tabs": tabs, "tab": tab, "search": search, "counts": counts}
    )


@require_safe
@member_required
def campaign_detail(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    if request.headers.get("HX-Request"):
        page = campaigns.campaign_page(account=request.membership.account, campaign=campaign, now=clock.now())
        answer = render(request, "campaigns/_live.html", {"page": page, "oob": True})
        if request.GET.get("was", campaign.status) != campaign.status:
            answer.headers["HX-Refresh"] = "true"  # buttons and dialogs of the page belong to the state it had
        return answer
    return detail_page(request, campaign)


def detail_page(
    request: AccountRequest, campaign: Campaign, *, delete_form: DeleteCampaignForm | None = None
) -> HttpResponse:
    """The page of one campaign, with a refused confirmation where there is one."""
    context: dict[str, Any] = {
        "page": campaigns.campaign_page(account=request.membership.account, campaign=campaign, now=clock.now()),
        **_messages(request, campaign),
    }
    if campaign.status == CampaignStatus.FINISHED:
        context["failures"] = failures_of(campaign)
    if campaign.status in DELETABLE:
        context["removal"] = removal_of(campaign)
        context["delete_form"] = delete_form or DeleteCampaignForm(campaign=campaign)
    return render(request, "campaigns/detail.html", context, status=422 if delete_form else 200)


def _messages(request: AccountRequest, campaign: Campaign) -> dict[str, Any]:
    state = request.GET.get("state", "all")
    state, search = state if state in FILTER_WORDS else "all", request.GET.get("q", "").strip()
    figures = figures_of(campaign)
    if state == "unconfirmed" and not search:
        rows = list_unconfirmed(campaign=campaign, now=clock.now()).select_related("connection", "variation")
    else:
        rows = messages.list_messages(campaign=campaign, state=state, search=search)
    total = None if search else messages.count_in(figures, state)
    pages = messages.CountedPaginator(rows, MESSAGES_PER_PAGE, total=total)
    tabs = [
        {
            "url": f"?{urlencode({'state': code})}#mensagens",
            "label": word,
            "count": messages.count_in(figures, code),
            "is_active": code == state,
        }
        for code, word in FILTER_WORDS.items()
        if messages.count_in(figures, code) or code in ("all", state)
    ]
    query = urlencode({name: value for name, value in (("state", state), ("q", search)) if value and value != "all"})
    return {
        "messages_page": pages.get_page(request.GET.get("page")),
        "message_tabs": tabs,
        "message_query": query,
        "search": search,
        "state": state,
    }


@require_safe
@member_required
def campaign_exclusions(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    page = campaigns.campaign_page(account=request.membership.account, campaign=campaign, now=clock.now())
    reason = request.GET.get("reason", "")
    rows = messages.list_exclusions(campaign=campaign, reason=reason)
    filters = [
        {
            "url": "?" if code == reason else f"?{urlencode({'reason': code})}",
            "label": f"{texts.word(code)} ({count})",
            "is_active": code == reason,
        }
        for code, count in page.losses
    ]
    context = {
        "page": page,
        "rows": Paginator(rows, MESSAGES_PER_PAGE).get_page(request.GET.get("page")),
        "filters": filters,
        "query": urlencode({"reason": reason}) if reason else "",
    }
    return render(request, "campaigns/exclusions.html", context)


@require_POST
@operator_required
def campaign_start(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    now = clock.now()
    if campaign.starts_at and campaign.starts_at > now and "now" not in request.POST:
        starts_at = campaign.starts_at
        return _do(
            request,
            campaign,
            lambda: lifecycle.schedule_campaign(campaign=campaign, starts_at=starts_at, now=now),
            "Campanha agendada. Ela começa sozinha na hora marcada.",
        )
    return _do(
        request,
        campaign,
        lambda: lifecycle.start_campaign(campaign=campaign, now=now),
        STARTED,
    )


@require_POST
@operator_required
def campaign_pause(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    text = "Campanha pausada. Nada mais sai até você retomar."
    return _do(request, campaign, lambda: lifecycle.pause_campaign(campaign=campaign), text)


@require_POST
@operator_required
def campaign_resume(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    text = "Campanha retomada. Ela continua de onde parou, no ritmo dos números."
    if campaign.pause_reason == lifecycle.LATE_START:
        text = STARTED
    return _do(request, campaign, lambda: lifecycle.resume_campaign(campaign=campaign, now=clock.now()), text)


@require_POST
@operator_required
def campaign_cancel(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    text = "Campanha cancelada. Ninguém mais recebe mensagens dela."
    return _do(request, campaign, lambda: lifecycle.cancel_campaign(campaign=campaign, now=clock.now()), text)


@require_POST
@operator_required
def campaign_deal(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    change = -1 if request.POST.get("action") == "decrement" else 1
    try:
        campaign.closed_deals = lifecycle.move_deals(campaign=campaign, change=change)
    except DomainError as error:
        flashes.error(request, texts.of(error))
    if request.headers.get("HX-Request"):
        row = {"campaign": campaign, "figures": figures_of(campaign)}
        return render(request, "campaigns/_deals.html", {"row": row, "here": _next(request, campaign)})
    return redirect(_next(request, campaign))


@require_POST
@operator_required
def message_decide(request: AccountRequest, campaign_id: int, message_id: int) -> HttpResponse:
    """What became of a message in doubt, as a person says: it arrived, or it goes out once more."""
    message = access_message(request.membership, campaign_id, message_id)
    by, now = request.membership.user, clock.now()
    wanted = request.POST.get("decision")
    if wanted == "send_again":
        text = "A mensagem voltou para a fila, atrás das outras."
        return _do(request, message.campaign, lambda: settle.send_again(message=message, by=by, now=now), text)
    if wanted == "count_as_sent":
        text = "A mensagem conta como enviada."
        return _do(request, message.campaign, lambda: settle.count_as_sent(message=message, by=by, now=now), text)
    return redirect("campaigns:detail", campaign_id=campaign_id)


def _do(request: AccountRequest, campaign: Campaign, step: Callable[[], object], done: str) -> HttpResponse:
    try:
        step()
        flashes.success(request, done)
    except DomainError as error:
        flashes.error(request, texts.of(error))
    return redirect(_next(request, campaign))


def _next(request: AccountRequest, campaign: Campaign) -> str:
    """Back to the page that asked, never to another site."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if wanted.startswith("/") and safe else f"/campaigns/{campaign.pk}/"

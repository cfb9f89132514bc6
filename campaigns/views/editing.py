"""Writing a campaign: one page for a new one and for a draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flashes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.access import AccountRequest, operator_required
from campaigns import texts
from campaigns.access import access_campaign
from campaigns.domain.states import CampaignStatus
from campaigns.forms.campaigns import CampaignForm, initial_of
from campaigns.models import Campaign
from campaigns.selectors.connections import connection_cards, example_lead
from campaigns.services import lifecycle
from campaigns.services.lifecycle import MAX_VARIATIONS, TEXT_LIMIT
from leads_infinitos.kernel.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@operator_required
def campaign_new(request: AccountRequest) -> HttpResponse:
    account = request.membership.account
    if request.method != "POST":
        chosen = [int(value) for value in request.GET.getlist("list") if value.isdigit()]
        return _page(request, CampaignForm(account=account, now=clock.now(), initial=_first_choice(request, chosen)))
    form = CampaignForm(request.POST, account=account, now=clock.now())
    if not form.is_valid():
        return _page(request, form)
    try:
        campaign = lifecycle.create_campaign(
            account=account, plan=form.plan(), by=request.membership.user, now=clock.now()
        )
    except DomainError as error:
        form.add_error(None, texts.of(error))
        return _page(request, form)
    return _go_on(request, campaign, form)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_required
def campaign_edit(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    account = request.membership.account
    if campaign.status not in (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED):
        flashes.error(request, "Só rascunhos e campanhas agendadas podem ser editados.")
        return redirect("campaigns:detail", campaign_id=campaign.pk)
    if request.method != "POST":
        form = CampaignForm(account=account, now=clock.now(), initial=initial_of(campaign, time_zone=account.time_zone))
        return _page(request, form, campaign)
    form = CampaignForm(request.POST, account=account, now=clock.now())
    if not form.is_valid():
        return _page(request, form, campaign)
    try:
        campaign = lifecycle.edit_campaign(campaign=campaign, plan=form.plan(), now=clock.now())
    except DomainError as error:
        form.add_error(None, texts.of(error))
        return _page(request, form, campaign)
    return _go_on(request, campaign, form)


def _go_on(request: AccountRequest, campaign: Campaign, form: CampaignForm) -> HttpResponse:
    """To the campaign's page: as a draft, started, or scheduled. A refused start leaves the draft and says why."""
    if request.POST.get("action") != "go":
        scheduled = campaign.status == CampaignStatus.SCHEDULED
        flashes.success(request, "Alterações salvas." if scheduled else "Rascunho salvo.")
        return redirect("campaigns:detail", campaign_id=campaign.pk)
    now, starts_at = clock.now(), form.start_time
    try:
        if starts_at is None:
            lifecycle.start_campaign(campaign=campaign, now=now)
            flashes.success(request, "Campanha iniciada. Estamos preparando as mensagens.")
        else:
            lifecycle.schedule_campaign(campaign=campaign, starts_at=starts_at, now=now)
            flashes.success(request, "Campanha agendada. Ela começa sozinha na hora marcada.")
    except DomainError as error:
        flashes.warning(request, f"O rascunho foi salvo, mas a campanha não começou. {texts.of(error)}")
    return redirect("campaigns:detail", campaign_id=campaign.pk)


def _first_choice(request: AccountRequest, chosen: list[int]) -> dict[str, Any]:
    """A lone number is chosen already: there is nothing to think about."""
    cards = connection_cards(account=request.membership.account, now=clock.now())
    return {"lists": chosen, "connections": [cards[0].connection.pk] if len(cards) == 1 else []}


def _page(request: AccountRequest, form: CampaignForm, campaign: Campaign | None = None) -> HttpResponse:
    account = request.membership.account
    lead = example_lead(account=account, list_ids=sorted(form.chosen_lists))
    context = {
        "form": form,
        "campaign": campaign,
        "cards": connection_cards(account=account, now=clock.now()),
        "lead": lead,
        "most_texts": MAX_VARIATIONS,
        "text_limit": TEXT_LIMIT,
        "fields": sorted({key for row in form.all_lists for key in row.variable_keys})[:12],
    }
    return render(request, "campaigns/form.html", context, status=422 if form.errors else 200)

"""What a campaign leaves to a new one, and its end: duplicate, retry of failures, delete."""

from __future__ import annotations

from django.contrib import messages as flashes
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.access import AccountRequest, operator_required
from campaigns import texts
from campaigns.access import access_campaign
from campaigns.forms.removal import DeleteCampaignForm
from campaigns.services import copies, removal
from campaigns.views.campaigns import detail_page
from leads_infinitos.kernel.errors import DomainError


@require_POST
@operator_required
def campaign_duplicate(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    copy = copies.duplicate_campaign(campaign=campaign, by=request.membership.user, now=clock.now())
    flashes.success(request, f"Rascunho “{copy.name}” criado. Confira tudo antes de iniciar.")
    return redirect("campaigns:edit", campaign_id=copy.pk)


@require_POST
@operator_required
def campaign_retry(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    try:
        run = copies.retry_failures(campaign=campaign, by=request.membership.user, now=clock.now())
    except DomainError as error:
        flashes.error(request, texts.of(error))
        return redirect("campaigns:detail", campaign_id=campaign.pk)
    flashes.success(request, "Novo envio iniciado. Estamos preparando as mensagens que falharam.")
    return redirect("campaigns:detail", campaign_id=run.pk)


@require_POST
@operator_required
def campaign_delete(request: AccountRequest, campaign_id: int) -> HttpResponse:
    campaign = access_campaign(request.membership, campaign_id)
    form = DeleteCampaignForm(request.POST, campaign=campaign)
    if not form.is_valid():
        return detail_page(request, campaign, delete_form=form)
    try:
        removal.delete_campaign(campaign=campaign)
    except DomainError as error:
        flashes.error(request, texts.of(error))
        return redirect("campaigns:detail", campaign_id=campaign.pk)
    flashes.success(request, f"A campanha “{campaign.name}” foi excluída.")
    return redirect("campaigns:list")

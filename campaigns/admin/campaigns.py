"""Campaigns as an operator sees them: counters, state, and the steps an owner could take."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import clock
from campaigns.admin.base import ReadOnlyAdmin, ReadOnlyInline, run_on_each
from campaigns.models import Campaign, CampaignExclusion, CampaignLane, CampaignList
from campaigns.selectors.figures import figures_of
from campaigns.services import lifecycle


class ListInline(ReadOnlyInline[CampaignList, Campaign]):
    model = CampaignList
    fields = ("position", "list")
    verbose_name_plural = "listas"


class LaneInline(ReadOnlyInline[CampaignLane, Campaign]):
    model = CampaignLane
    fields = ("lane", "served_at")
    verbose_name_plural = "números"


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin[Campaign]):
    list_display = (
        "name",
        "account",
        "status",
        "audience_count",
        "queued_count",
        "sent_count",
        "failed_count",
        "invalid_count",
        "unconfirmed_count",
        "success",
        "last_sent_at",
    )
    list_filter = ("status", "pause_reason", "created_at")
    list_select_related = ("account",)
    search_fields = ("name", "account__name", "account__memberships__user__email")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    inlines = (ListInline, LaneInline)
    actions = ("pause", "resume", "cancel")
    readonly_fields = ("success", "messages_link")
    # No text of a campaign by default: an operator looks at states, not at what customers write.
    exclude = ("audience_list", "audience_lead", "lists", "lanes")

    @admin.display(description="taxa de sucesso")
    def success(self, campaign: Campaign) -> str:
        rate = figures_of(campaign).success_rate
        return "—" if rate is None else f"{rate:.1f}%".replace(".", ",")

    @admin.display(description="mensagens")
    def messages_link(self, campaign: Campaign) -> SafeString:
        address = reverse("admin:campaigns_campaignmessage_changelist")
        return format_html('<a href="{}?campaign__id__exact={}">Ver mensagens</a>', address, campaign.pk)

    @admin.action(description="Pausar", permissions=["operate"])
    def pause(self, request: HttpRequest, rows: QuerySet[Campaign]) -> None:
        def work(campaign: Campaign) -> object:
            return lifecycle.pause_campaign(campaign=campaign, reason="by_operator")

        run_on_each(self, request, rows, work, done="Campanha pausada")

    @admin.action(description="Retomar", permissions=["operate"])
    def resume(self, request: HttpRequest, rows: QuerySet[Campaign]) -> None:
        now = clock.now()

        def work(campaign: Campaign) -> object:
            return lifecycle.resume_campaign(campaign=campaign, now=now)

        run_on_each(self, request, rows, work, done="Campanha retomada")

    @admin.action(description="Cancelar (não tem volta)", permissions=["operate"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Campaign]) -> None:
        now = clock.now()

        def work(campaign: Campaign) -> object:
            return lifecycle.cancel_campaign(campaign=campaign, now=now)

        run_on_each(self, request, rows, work, done="Campanha cancelada")


@admin.register(CampaignExclusion)
class CampaignExclusionAdmin(ReadOnlyAdmin[CampaignExclusion]):
    list_display = ("campaign", "account", "lead", "reason")
    list_filter = ("reason",)
    list_select_related = ("campaign", "account", "lead")
    search_fields = ("campaign__name", "account__name")

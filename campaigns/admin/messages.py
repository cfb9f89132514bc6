"""Messages and their attempts. What customers write and what people answer is not shown here."""

from __future__ import annotations

from django.contrib import admin

from campaigns.admin.base import ReadOnlyAdmin, ReadOnlyInline
from campaigns.models import Attempt, CampaignMessage, Decision, Receipt


class AttemptInline(ReadOnlyInline[Attempt, CampaignMessage]):
    model = Attempt
    fields = ("started_at", "answered_at", "outcome", "code", "http_status", "elapsed_ms", "answer")


class ReceiptInline(ReadOnlyInline[Receipt, CampaignMessage]):
    model = Receipt
    fields = ("status", "reason", "received_at")


class DecisionInline(ReadOnlyInline[Decision, CampaignMessage]):
    model = Decision
    fields = ("kind", "decided_by", "decided_at")


@admin.register(CampaignMessage)
class CampaignMessageAdmin(ReadOnlyAdmin[CampaignMessage]):
    list_display = (
        "id",
        "campaign",
        "account",
        "phone",
        "status",
        "reason",
        "receipt",
        "tries",
        "claimed_at",
        "sent_at",
    )
    list_filter = ("status", "receipt", "reason")
    list_select_related = ("campaign", "account")
    search_fields = ("=id", "phone", "=gateway_message_id")
    fields = (
        "account",
        "campaign",
        "connection",
        "variation",
        "position",
        "name",
        "phone",
        "wa_id",
        "status",
        "reason",
        "receipt",
        "tries",
        "claimed_at",
        "lease_lost_at",
        "answered_at",
        "sent_at",
        "gateway_message_id",
        "created_at",
    )
    inlines = (AttemptInline, ReceiptInline, DecisionInline)
    ordering = ("-pk",)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    list_display = ("id", "message", "account", "outcome", "code", "http_status", "elapsed_ms", "started_at")
    list_filter = ("outcome", "code", "http_status")
    list_select_related = ("message", "account")
    search_fields = ("=message__id", "account__name")
    date_hierarchy = "started_at"
    ordering = ("-pk",)

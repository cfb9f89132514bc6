"""What gateways reported, who must not be written to, and what a day came to."""

from __future__ import annotations

from django.contrib import admin

from campaigns.admin.base import ReadOnlyAdmin
from campaigns.models import ContactMemory, Decision, GatewayEvent, Receipt, Reply, Suppression, UsageDay


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin[Suppression]):
    list_display = ("phone", "account", "reason", "source", "created_by", "created_at")
    list_filter = ("reason",)
    list_select_related = ("account", "created_by")
    search_fields = ("phone", "account__name")
    date_hierarchy = "created_at"


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin[Receipt]):
    list_display = ("gateway_message_id", "account", "connection", "status", "reason", "received_at")
    list_filter = ("status",)
    list_select_related = ("account", "connection")
    search_fields = ("=gateway_message_id", "=message__id")
    ordering = ("-pk",)


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin[Reply]):
    list_display = ("id", "account", "connection", "phone", "message", "received_at")
    list_select_related = ("account", "connection", "message")
    search_fields = ("phone", "=gateway_message_id", "=message__id")
    exclude = ("text",)
    ordering = ("-pk",)


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnlyAdmin[GatewayEvent]):
    list_display = ("id", "account", "connection", "kind", "status", "reason", "tries", "received_at", "try_at")
    list_filter = ("status", "kind", "reason")
    list_select_related = ("account", "connection")
    search_fields = ("=gateway_message_id", "account__name")
    exclude = ("body",)
    ordering = ("-pk",)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin[Decision]):
    list_display = ("message", "account", "kind", "decided_by", "decided_at")
    list_filter = ("kind",)
    list_select_related = ("message", "account", "decided_by")
    search_fields = ("=message__id", "account__name")


@admin.register(ContactMemory)
class ContactMemoryAdmin(ReadOnlyAdmin[ContactMemory]):
    list_display = ("phone", "account", "connection", "message_ref", "last_sent_at")
    list_select_related = ("account", "connection")
    search_fields = ("phone", "=message_ref", "account__name")


@admin.register(UsageDay)
class UsageDayAdmin(ReadOnlyAdmin[UsageDay]):
    list_display = ("day", "account", "campaign_ref", "sent", "failed", "invalid", "unconfirmed", "skipped")
    list_select_related = ("account",)
    search_fields = ("=campaign_ref", "account__name")
    date_hierarchy = "day"
    ordering = ("-day",)

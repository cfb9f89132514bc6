"""What Hotmart sells and what it grants here. Saving a mapping makes the events that waited for it due again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from accounts import clock
from billing.admin.base import ModelAdmin, TabularInline
from billing.models import CatalogueEntry, CatalogueOffer, CatalogueProduct
from billing.services.inbox import retry_after_catalogue


class EntryInline(TabularInline[CatalogueEntry, CatalogueProduct]):
    model = CatalogueEntry
    extra = 0
    show_change_link = True


class OfferInline(TabularInline[CatalogueOffer, CatalogueEntry]):
    model = CatalogueOffer
    fields = ("code",)
    extra = 1


class HealingAdmin(ModelAdmin[Any]):
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        retried = retry_after_catalogue(now=clock.now())
        if retried:
            messages.info(request, f"Eventos que serão tentados de novo: {retried}")


@admin.register(CatalogueProduct)
class CatalogueProductAdmin(HealingAdmin):
    list_display = ("name", "hotmart_id", "ucode", "grace_days", "cancelled_grace_days")
    search_fields = ("name", "hotmart_id", "ucode")
    inlines = (EntryInline,)


@admin.register(CatalogueEntry)
class CatalogueEntryAdmin(HealingAdmin):
    list_display = ("name", "product", "hotmart_plan_id", "tier", "period")
    list_filter = ("product", "tier", "period")
    list_select_related = ("product",)
    search_fields = ("name", "hotmart_plan_id", "offers__code")
    inlines = (OfferInline,)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for offer in formset.save(commit=False):
            offer.product = form.instance.product
            offer.save()
        for offer in formset.deleted_objects:
            offer.delete()

"""The inbox and the facts that came out of it."""

from __future__ import annotations

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import clock
from billing import texts
from billing.admin.base import ReadOnlyAdmin, ReadOnlyInline
from billing.domain.masking import mask
from billing.models import BlockLift, BuyerAddress, Payment, PaymentEvent, PaymentStatus, Subscription
from billing.services import inbox


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnlyAdmin[PaymentEvent]):
    list_display = ("received_at", "event", "status", "why", "account", "transaction", "subscriber_code", "tries")
    list_filter = ("status", "event", "reason", "received_at")
    list_select_related = ("account",)
    search_fields = ("dedupe_key", "transaction", "subscriber_code", "buyer_email")
    date_hierarchy = "received_at"
    fields = (
        "event",
        "status",
        "why",
        "account",
        "transaction",
        "subscriber_code",
        "produced_at",
        "received_at",
        "processed_at",
        "tries",
        "try_at",
        "dedupe_key",
        "content",
    )
    actions = ("process_again",)

    @admin.display(description="motivo", ordering="reason")
    def why(self, event: PaymentEvent) -> str:
        return texts.event_reason(event.reason) or "—"

    @admin.display(description="conteúdo (dados pessoais ocultos)")
    def content(self, event: PaymentEvent) -> str | SafeString:
        if event.payload is None:
            return f"{len(bytes(event.raw or b''))} bytes que não foi possível ler"
        return format_html("<pre>{}</pre>", json.dumps(mask(event.payload), indent=2, ensure_ascii=False))

    @admin.action(description="Processar de novo", permissions=["operate"])
    def process_again(self, request: HttpRequest, rows: QuerySet[PaymentEvent]) -> None:
        events = list(rows.exclude(payload__isnull=True))
        results = inbox.replay(event_ids=[event.pk for event in events], now=clock.now())
        for event in events:
            self.log_change(request, event, "Processado de novo")
        words = [f"{PaymentEvent.Status(word).label}: {number}" for word, number in results.items() if word]
        messages.info(request, ", ".join(words) or "Nada a processar: o conteúdo não pode ser lido.")


class StatusInline(ReadOnlyInline[PaymentStatus, Payment]):
    model = PaymentStatus
    fields = ("status", "produced_at", "approved_at", "next_charge_at", "price_cents", "event")


class PaymentInline(ReadOnlyInline[Payment, Subscription]):
    model = Payment
    fields = ("transaction", "plan", "period", "approved_at", "ends_at", "price_cents", "recurrence")


class AddressInline(ReadOnlyInline[BuyerAddress, Subscription]):
    model = BuyerAddress
    fields = ("email", "created_at")
    show_change_link = False


class LiftInline(ReadOnlyInline[BlockLift, Subscription]):
    model = BlockLift
    fields = ("lifted_at", "reason", "lifted_by")
    show_change_link = False


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin[Subscription]):
    list_display = ("code", "account", "product", "created_at")
    list_filter = ("product", ("account", admin.EmptyFieldListFilter))
    list_select_related = ("account", "product")
    search_fields = ("code", "account__name", "addresses__email", "payments__transaction")
    date_hierarchy = "created_at"
    inlines = (PaymentInline, AddressInline, LiftInline)
    actions = ("lift_block",)

    @admin.action(description="Liberar bloqueio por chargeback…", permissions=["operate"])
    def lift_block(self, request: HttpRequest, rows: QuerySet[Subscription]) -> HttpResponseRedirect | None:
        """Leads to the form that asks for the reason."""
        chosen = list(rows.values_list("pk", flat=True)[:2])
        if len(chosen) != 1:
            messages.warning(request, "Escolha uma assinatura por vez.")
            return None
        return HttpResponseRedirect(f"{reverse('admin:billing_blocklift_add')}?subscription={chosen[0]}")


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin[Payment]):
    list_display = ("transaction", "subscription", "plan", "period", "approved_at", "ends_at", "price", "recurrence")
    list_filter = ("plan__slug", "period", "statuses__status")
    list_select_related = ("subscription", "plan")
    search_fields = ("transaction", "subscription__code", "subscription__addresses__email")
    date_hierarchy = "created_at"
    inlines = (StatusInline,)

    @admin.display(description="valor", ordering="price_cents")
    def price(self, payment: Payment) -> str:
        return texts.price(payment.price_cents, payment.currency)

"""What accounts may do: projections, changed only through their facts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import clock
from billing.admin.base import ReadOnlyAdmin, run_on_each
from billing.models import Licence, SendAllowance
from billing.services import allowance
from billing.services.licence import recompute


@admin.register(Licence)
class LicenceAdmin(ReadOnlyAdmin[Licence]):
    list_display = ("account", "state", "plan", "period", "access_until", "grace_until", "needs_review", "computed_at")
    list_filter = ("state", "plan__slug", "period", "needs_review")
    list_select_related = ("account", "plan")
    search_fields = ("account__name", "account__memberships__user__email", "account__subscriptions__code")
    fields = (
        "account",
        "state",
        "plan",
        "period",
        "access_until",
        "grace_until",
        "first_access_at",
        "chosen_daily",
        "needs_review",
        "recompute_at",
        "computed_at",
        "decisions",
    )
    actions = ("change_plan", "recompute_now")

    @admin.display(description="decisões")
    def decisions(self, licence: Licence) -> SafeString:
        return format_html(
            '<a href="{}?account={}">Mudar plano</a> · <a href="{}?account={}">Revogar</a> · '
            '<a href="{}?account__id__exact={}">Concessões</a>',
            reverse("admin:billing_grant_add"),
            licence.pk,
            reverse("admin:billing_revocation_add"),
            licence.pk,
            reverse("admin:billing_grant_changelist"),
            licence.pk,
        )

    @admin.action(description="Mudar plano…", permissions=["operate"])
    def change_plan(self, request: HttpRequest, rows: QuerySet[Licence]) -> HttpResponseRedirect | None:
        """Leads to the form that asks for plan, end and reason."""
        chosen = list(rows.values_list("pk", flat=True)[:2])
        if len(chosen) != 1:
            messages.warning(request, "Escolha uma conta por vez.")
            return None
        return HttpResponseRedirect(f"{reverse('admin:billing_grant_add')}?account={chosen[0]}")

    @admin.action(description="Recalcular agora", permissions=["operate"])
    def recompute_now(self, request: HttpRequest, rows: QuerySet[Licence]) -> None:
        now = clock.now()
        run_on_each(
            self,
            request,
            rows.select_related("account"),
            lambda licence: recompute(account=licence.account, now=now),
            done="Licença recalculada",
        )


@admin.register(SendAllowance)
class SendAllowanceAdmin(ReadOnlyAdmin[SendAllowance]):
    list_display = ("account", "send_until", "numbers", "daily_limit", "used_on", "used_count", "halted_reason")
    list_filter = (("halted_reason", admin.EmptyFieldListFilter), "numbers")
    list_select_related = ("account",)
    search_fields = ("account__name", "account__memberships__user__email")
    actions = ("halt", "lift_halt")

    @admin.action(description="Parar os envios da conta", permissions=["operate"])
    def halt(self, request: HttpRequest, rows: QuerySet[SendAllowance]) -> None:
        self._each(request, rows, allowance.halt, "Envios parados", reason="operator")

    @admin.action(description="Liberar os envios da conta", permissions=["operate"])
    def lift_halt(self, request: HttpRequest, rows: QuerySet[SendAllowance]) -> None:
        self._each(request, rows, allowance.lift_halt, "Envios liberados")

    def _each(self, request: HttpRequest, rows: QuerySet[SendAllowance], work: Any, done: str, **values: Any) -> None:
        now = clock.now()
        run_on_each(
            self,
            request,
            rows.select_related("account").order_by("pk"),
            lambda row: work(account=row.account, now=now, **values),
            done=done,
        )

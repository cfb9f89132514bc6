"""Plans and the decisions made by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import clock
from accounts.models import User
from billing.admin.base import LastingAdmin, run_on_each
from billing.forms import GrantForm
from billing.models import BlockLift, Grant, Plan, Revocation
from billing.services import plans


@admin.register(Plan)
class PlanAdmin(LastingAdmin[Plan]):
    list_display = (
        "slug",
        "version",
        "is_current",
        "numbers",
        "daily_per_number",
        "daily_min",
        "daily_max",
        "extraction_quota",
        "days",
        "min_gap_s",
    )
    list_filter = ("is_current", "slug")
    fields = (
        "slug",
        "version",
        "numbers",
        "daily_per_number",
        "daily_min",
        "daily_max",
        "extraction_quota",
        "days",
        "min_gap_s",
    )
    readonly_fields = ("slug", "version")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the five tiers are the product's; what changes is a version

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_current)

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        limits = plans.PlanLimits(
            numbers=obj.numbers,
            daily_per_number=obj.daily_per_number,
            daily_min=obj.daily_min,
            daily_max=obj.daily_max,
            extraction_quota=obj.extraction_quota,
            days=obj.days,
            min_gap_s=obj.min_gap_s,
        )
        made = plans.edit_plan(slug=obj.slug, limits=limits, now=clock.now())
        if made.pk != obj.pk:
            messages.info(
                request, f"{made}: vale para novos pagamentos e concessões; os atuais continuam com a anterior."
            )


@admin.register(Grant)
class GrantAdmin(LastingAdmin[Grant]):
    form = GrantForm
    list_display = ("account", "plan", "starts_at", "ends_at", "withdrawn_at", "reason", "granted_by")
    list_filter = ("plan__slug", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("account", "plan", "granted_by")
    search_fields = ("account__name", "account__memberships__user__email", "reason")
    raw_id_fields = ("account",)
    date_hierarchy = "created_at"
    actions = ("withdraw",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:
        made = plans.change_plan(
            account=obj.account,
            plan=obj.plan.slug,
            until=obj.ends_at,
            reason=obj.reason,
            by=_operator(request),
            now=clock.now(),
        )
        obj.pk = made.pk  # the row that the screen goes on with is the one the service made
        obj.refresh_from_db()

    @admin.action(description="Retirar a concessão agora", permissions=["operate"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Grant]) -> None:
        now = clock.now()
        run_on_each(
            self,
            request,
            rows.select_related("account"),
            lambda grant: plans.withdraw_grant(grant=grant, now=now),
            done="Concessão retirada",
        )


@admin.register(Revocation)
class RevocationAdmin(LastingAdmin[Revocation]):
    list_display = ("account", "reason", "revoked_by", "revoked_at", "withdrawn_at")
    list_filter = (("withdrawn_at", admin.EmptyFieldListFilter),)
    list_select_related = ("account", "revoked_by")
    search_fields = ("account__name", "account__memberships__user__email", "reason")
    raw_id_fields = ("account",)
    fields = ("account", "reason")
    actions = ("withdraw",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Revocation, form: Any, change: bool) -> None:
        made = plans.revoke(account=obj.account, reason=obj.reason, by=_operator(request), now=clock.now())
        obj.pk = made.pk
        obj.refresh_from_db()

    @admin.action(description="Retirar a revogação", permissions=["operate"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Revocation]) -> None:
        now = clock.now()
        run_on_each(
            self,
            request,
            rows.select_related("account"),
            lambda revocation: plans.withdraw_revocation(revocation=revocation, now=now),
            done="Revogação retirada",
        )


@admin.register(BlockLift)
class BlockLiftAdmin(LastingAdmin[BlockLift]):
    list_display = ("subscription", "reason", "lifted_by", "lifted_at")
    list_select_related = ("subscription", "lifted_by")
    search_fields = ("subscription__code", "reason")
    raw_id_fields = ("subscription",)
    fields = ("subscription", "reason")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: BlockLift, form: Any, change: bool) -> None:
        made = plans.lift_block(
            subscription=obj.subscription, reason=obj.reason, by=_operator(request), now=clock.now()
        )
        obj.pk = made.pk
        obj.refresh_from_db()


def _operator(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None

"""Numbers and their lanes. The instance key and the token are never on a page."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import clock
from campaigns.admin.base import ReadOnlyAdmin, ReadOnlyInline, run_on_each
from campaigns.models import Connection, SendLane
from campaigns.services import connections

LANE_FIELDS = (
    "host",
    "not_before",
    "wake_at",
    "gap_min_s",
    "gap_max_s",
    "daily_cap",
    "used_on",
    "used_count",
    "rest_until",
    "rest_reason",
    "unknown_streak",
)


class LaneInline(ReadOnlyInline[SendLane, Connection]):
    model = SendLane
    fields = LANE_FIELDS


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin[Connection]):
    list_display = (
        "name",
        "account",
        "phone",
        "gateway",
        "state",
        "state_since",
        "checked_at",
        "last_error",
        "archived_at",
    )
    list_filter = ("state", "gateway", ("archived_at", admin.EmptyFieldListFilter), "last_error")
    list_select_related = ("account",)
    search_fields = ("name", "phone", "account__name", "account__memberships__user__email")
    fields = (
        "account",
        "name",
        "gateway",
        "base_url",
        "phone",
        "state",
        "state_since",
        "checked_at",
        "last_error",
        "archived_at",
        "created_at",
    )
    inlines = (LaneInline,)
    actions = ("test_now", "archive")

    @admin.action(description="Testar agora", permissions=["operate"])
    def test_now(self, request: HttpRequest, rows: QuerySet[Connection]) -> None:
        now = clock.now()

        def work(connection: Connection) -> object:
            return connections.check_connection(connection=connection, now=now)

        run_on_each(self, request, rows.select_related("lane")[:20], work, done="Conexão testada")

    @admin.action(description="Remover (arquiva)", permissions=["operate"])
    def archive(self, request: HttpRequest, rows: QuerySet[Connection]) -> None:
        now = clock.now()

        def work(connection: Connection) -> None:
            connections.remove_connection(connection=connection, now=now)

        run_on_each(self, request, rows.filter(archived_at__isnull=True), work, done="Conexão removida")


@admin.register(SendLane)
class SendLaneAdmin(ReadOnlyAdmin[SendLane]):
    list_display = (
        "connection",
        "account",
        "not_before",
        "wake_at",
        "used_on",
        "used_count",
        "rest_until",
        "rest_reason",
    )
    list_filter = ("rest_reason", ("wake_at", admin.EmptyFieldListFilter))
    list_select_related = ("connection", "account")
    search_fields = ("connection__name", "connection__phone", "account__name")
    fields = ("account", "connection", *LANE_FIELDS, "in_flight_until")

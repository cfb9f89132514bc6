"""The restore guard as an operator sees it, and the confirmation that lets a restored database send."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import clock
from accounts.models import User
from campaigns import texts
from campaigns.admin.base import ReadOnlyAdmin
from campaigns.models import Installation
from campaigns.services import restore_guard
from leads_infinitos.kernel.errors import DomainError


@admin.register(Installation)
class InstallationAdmin(ReadOnlyAdmin[Installation]):
    list_display = ("__str__", "verdict", "behind", "ledger_mark", "confirmed_at", "confirmed_by")
    list_select_related = ("confirmed_by",)
    fields = ("verdict", "behind", "ledger_mark", "fingerprint", "confirmed_at", "confirmed_by", "confirmed_behind")
    readonly_fields = ("verdict", "behind")
    actions = ("confirm",)

    @admin.display(description="situação")
    def verdict(self, row: Installation) -> str:
        stop = restore_guard.look().stop
        return texts.reason(stop) if stop else "Pode enviar."

    @admin.display(description="envios que faltam neste banco")
    def behind(self, row: Installation) -> int:
        return restore_guard.look().behind

    @admin.action(
        description="Confirmar este banco e voltar a enviar (pausa todas as campanhas em andamento e agendadas)",
        permissions=["operate"],
    )
    def confirm(self, request: HttpRequest, rows: QuerySet[Installation]) -> None:
        by = request.user if isinstance(request.user, User) else None
        try:
            done = restore_guard.confirm(by=by, now=clock.now())
        except DomainError as error:
            messages.warning(request, texts.of(error))
            return
        for row in rows:
            self.log_change(request, row, f"Banco confirmado; envios que faltavam: {done.verdict.behind}")
        messages.success(request, f"Banco confirmado. Campanhas pausadas, à espera dos donos: {done.paused}")

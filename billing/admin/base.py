"""What the screens of billing share: typed bases, read-only rows, and who may run an action."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest

from billing import texts
from leads_infinitos.kernel.errors import DomainError

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
else:  # Django's classes take no parameter at run time

    class ModelAdmin(admin.ModelAdmin):
        def __class_getitem__(cls, _model: object) -> type:
            return cls

    class TabularInline(admin.TabularInline):
        def __class_getitem__(cls, _models: object) -> type:
            return cls


__all__ = ["LastingAdmin", "ModelAdmin", "ReadOnlyAdmin", "ReadOnlyInline", "TabularInline", "run_on_each"]

RowT = TypeVar("RowT", bound=Model)
ParentT = TypeVar("ParentT", bound=Model)


class LastingAdmin(ModelAdmin[RowT]):
    """Rows that history needs: never deleted here."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the operator may run this model's actions: who may change its rows may."""
        return request.user.has_perm(f"billing.change_{self.opts.model_name}")


class ReadOnlyAdmin(LastingAdmin[RowT]):
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline[RowT, ParentT]):
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def run_on_each(screen: ModelAdmin[RowT], request: HttpRequest, rows: Iterable[RowT], work: Any, *, done: str) -> None:
    """Run a service on each chosen row, note it in the row's history, and say how many it was and what was refused."""
    count = 0
    for row in rows:
        try:
            work(row)
        except DomainError as error:
            messages.warning(request, f"{row}: {texts.of(error)}")
            continue
        screen.log_change(request, row, done)
        count += 1
    if count:
        messages.success(request, f"{done}: {count}")

"""What these screens share: rows that only services write, and how an action runs one of those services."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest

from campaigns import texts
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


RowT = TypeVar("RowT", bound=Model)
ParentT = TypeVar("ParentT", bound=Model)


class ReadOnlyAdmin(ModelAdmin[RowT]):
    """Rows that only services write. Large tables are not counted for the sake of a page."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the operator may run this model's actions: who may change its rows may."""
        return request.user.has_perm(f"campaigns.change_{self.opts.model_name}")


class ReadOnlyInline(TabularInline[RowT, ParentT]):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def run_on_each(
    screen: ModelAdmin[RowT], request: HttpRequest, rows: Iterable[RowT], work: Callable[[RowT], object], *, done: str
) -> None:
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

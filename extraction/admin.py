"""The operators' view of lists, leads and imports: to look at and to find. Changes go through the portal's services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from extraction import texts
from extraction.errors import ExtractionError
from extraction.models import ImportRow, Lead, LeadImport, LeadList
from extraction.services import imports
from extraction.tasks import wake_imports

if TYPE_CHECKING:  # Django's classes take a type only while types are checked
    ListAdminBase = admin.ModelAdmin[LeadList]
    LeadAdminBase = admin.ModelAdmin[Lead]
    ImportAdminBase = admin.ModelAdmin[LeadImport]
    RowAdminBase = admin.ModelAdmin[ImportRow]
else:
    ListAdminBase = LeadAdminBase = ImportAdminBase = RowAdminBase = admin.ModelAdmin


class ReadOnly:
    """History: rows that services write and nobody edits."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LeadList)
class LeadListAdmin(ReadOnly, ListAdminBase):
    list_display = ["name", "account", "source", "lead_count", "contactable_count", "created_at", "leads_link"]
    list_filter = ["source"]
    list_select_related = ["account"]
    search_fields = ["name", "account__name", "account__memberships__user__email"]
    date_hierarchy = "created_at"

    @admin.display(description="leads")
    def leads_link(self, lead_list: LeadList) -> str:
        return format_html(
            '<a href="{}?list__id__exact={}">ver leads</a>', reverse("admin:extraction_lead_changelist"), lead_list.pk
        )


@admin.register(Lead)
class LeadAdmin(ReadOnly, LeadAdminBase):
    list_display = ["__str__", "phone", "kind", "contactable", "city", "uf", "list", "account", "source", "created_at"]
    list_filter = ["contactable", "kind", "source"]
    list_select_related = ["list", "account"]
    search_fields = ["name", "phone", "email"]
    search_help_text = "Nome, telefone (só dígitos) ou e-mail"
    show_full_result_count = False


@admin.register(LeadImport)
class LeadImportAdmin(ReadOnly, ImportAdminBase):
    list_display = [
        "upload_name",
        "account",
        "list",
        "status",
        "rows_in_file",
        "created_count",
        "rejected_count",
        "created_by",
        "created_at",
        "rows_link",
    ]
    list_filter = ["status", "reason"]
    list_select_related = ["account", "list", "created_by"]
    search_fields = ["upload_name", "account__name", "created_by__email"]
    date_hierarchy = "created_at"
    exclude = ["file"]  # no page serves the files of customers
    actions = ["retry"]

    @admin.display(description="linhas")
    def rows_link(self, lead_import: LeadImport) -> str:
        address = reverse("admin:extraction_importrow_changelist")
        return format_html('<a href="{}?lead_import__id__exact={}">ver linhas</a>', address, lead_import.pk)

    @admin.action(description="Tentar de novo as que falharam")
    def retry(self, request: HttpRequest, queryset: QuerySet[LeadImport]) -> None:
        done = 0
        for lead_import in queryset:
            try:
                imports.retry_import(lead_import=lead_import)
            except ExtractionError as error:
                self.message_user(request, f"{lead_import}: {texts.of(error)}", messages.WARNING)
            else:
                done += 1
        wake_imports()
        self.message_user(request, f"{done} de volta à fila.")


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnly, RowAdminBase):
    list_display = ["line", "outcome", "reason", "name", "phone", "kind", "contactable", "duplicate_of"]
    list_filter = ["outcome"]
    ordering = ["lead_import_id", "line"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRow]:
        return super().get_queryset(request).select_related("lead_import")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # reached from its import; on its own a list of all rows says nothing

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "lead_import__id__exact" or super().lookup_allowed(lookup, value, request)

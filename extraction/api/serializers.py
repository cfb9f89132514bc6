"""Shapes of lists, leads and imports in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from extraction import texts
from extraction.models import ImportRow, Lead, LeadImport, LeadList
from extraction.services.lists import NAME_MAX_CHARS
from leads_infinitos.kernel.phone import DDDS


class ListSerializer(serializers.ModelSerializer[LeadList]):
    """A list with its counters: `contactable_count` of its `lead_count` leads can be messaged."""

    class Meta:
        model = LeadList
        fields = ["id", "name", "source", "lead_count", "contactable_count", "variable_keys", "created_at"]
        read_only_fields = fields


class ListNameSerializer(serializers.Serializer[Any]):
    """The name of a list."""

    name = serializers.CharField(max_length=NAME_MAX_CHARS)


class LeadSerializer(serializers.ModelSerializer[Lead]):
    """A lead. `reason` says why one that is not `contactable` cannot be messaged; `variables` are the other columns."""

    class Meta:
        model = Lead
        fields = [
            "id",
            "name",
            "phone",
            "kind",
            "contactable",
            "reason",
            "city",
            "uf",
            "email",
            "variables",
            "place_id",
            "source",
            "lead_import",
            "line",
            "created_at",
        ]
        read_only_fields = fields


class ImportSerializer(serializers.ModelSerializer[LeadImport]):
    """An import: queued, running, done, rejected (the whole file, see `reason`) or failed.

    rows_in_file = created + duplicate + rejected + blank + not_ready once it is done.
    """

    list_name = serializers.CharField(source="list.name", read_only=True)
    reason_detail = serializers.SerializerMethodField(help_text="O motivo em português; vazio quando não há.")

    class Meta:
        model = LeadImport
        fields = [
            "id",
            "list",
            "list_name",
            "upload_name",
            "bytes",
            "default_ddd",
            "status",
            "reason",
            "reason_detail",
            "read",
            "rows_done",
            "rows_in_file",
            "created_count",
            "duplicate_count",
            "rejected_count",
            "blank_count",
            "not_ready_count",
            "contactable_count",
            "created_at",
            "finished_at",
            "undone_at",
            "undone_count",
        ]
        read_only_fields = fields

    def get_reason_detail(self, lead_import: LeadImport) -> str:
        return texts.FILE_REASONS.get(lead_import.reason, "")


class ImportCreateSerializer(serializers.Serializer[Any]):
    """A file and where it goes: `list` (the id of one) or `list_name` (made when there is none of that name)."""

    file = serializers.FileField(allow_empty_file=True, help_text="CSV ou XLSX.")
    list = serializers.IntegerField(required=False, allow_null=True)
    list_name = serializers.CharField(required=False, allow_blank=True, max_length=NAME_MAX_CHARS)
    default_ddd = serializers.ChoiceField(
        choices=sorted(DDDS), required=False, allow_blank=True, help_text="Completa os números escritos sem DDD."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs.get("list") is None) == (not attrs.get("list_name")):
            raise serializers.ValidationError(
                {"list": ["Diga a lista (list) ou o nome dela (list_name), um dos dois."]}
            )
        return attrs


class ImportRowSerializer(serializers.ModelSerializer[ImportRow]):
    """What became of one row of the file; `line` as a spreadsheet program shows it."""

    reason_detail = serializers.SerializerMethodField(help_text="O motivo em português; vazio quando não há.")

    class Meta:
        model = ImportRow
        fields = [
            "line",
            "outcome",
            "reason",
            "reason_detail",
            "name",
            "phone",
            "kind",
            "contactable",
            "col",
            "repair",
            "duplicate_of",
            "cells",
        ]
        read_only_fields = fields

    def get_reason_detail(self, row: ImportRow) -> str:
        return texts.ROW_REASONS.get(row.reason, "")


class RefusalSerializer(serializers.Serializer[Any]):
    """Every refusal: a stable code, a sentence in Portuguese, and the fields where the input is at fault."""

    code = serializers.CharField()
    detail = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]  # the API's own word
        child=serializers.ListField(child=serializers.CharField()), required=False
    )

"""/api/lists/: the account's lists, their leads, and exports."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers as drf_serializers
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import clock
from accounts.api import membership_of
from extraction.access import access_list
from extraction.api import serializers
from extraction.api.files import csv_response
from extraction.models import LeadList
from extraction.selectors import LeadFilter, list_leads, list_lists, walk_leads
from extraction.services import exports, lists

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
INVALID = OpenApiResponse(serializers.RefusalSerializer, description="O que veio não serve; veja `fields`.")
NOT_FOUND = OpenApiResponse(serializers.RefusalSerializer, description="Não existe nesta conta.")
CONFLICT = OpenApiResponse(serializers.RefusalSerializer, description="O estado de agora não permite.")
FILTERS = [
    OpenApiParameter("search", str, description="Parte do nome, ou dígitos do telefone."),
    OpenApiParameter("contactable", bool, description="Só leads que podem (ou não podem) receber mensagens."),
    OpenApiParameter("city", str, description="A cidade, como está no lead."),
]
FORMAT = OpenApiParameter("format", str, enum=["csv", "xlsx"], description="csv quando ausente.")


class LeadParams(drf_serializers.Serializer[Any]):
    search = drf_serializers.CharField(required=False, allow_blank=True, max_length=200)
    contactable = drf_serializers.BooleanField(required=False, allow_null=True, default=None)
    city = drf_serializers.CharField(required=False, allow_blank=True, max_length=120)

    def wanted(self) -> LeadFilter:
        """The leads that the query asks for. Raises ValidationError."""
        self.is_valid(raise_exception=True)
        data = self.validated_data
        return LeadFilter(search=data.get("search", ""), contactable=data.get("contactable"), city=data.get("city", ""))


class ExportParams(drf_serializers.Serializer[Any]):
    format = drf_serializers.ChoiceField(choices=["csv", "xlsx"], required=False, default="csv")


class AnyFormat(BaseContentNegotiation):
    """`?format=` names the file of an export, not a renderer of the framework."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


@extend_schema_view(
    list=extend_schema(responses=serializers.ListSerializer(many=True)),
    retrieve=extend_schema(responses={200: serializers.ListSerializer, 404: NOT_FOUND}),
    create=extend_schema(
        request=serializers.ListNameSerializer,
        responses={201: serializers.ListSerializer, 400: INVALID, 409: CONFLICT},
    ),
    partial_update=extend_schema(
        request=serializers.ListNameSerializer,
        responses={200: serializers.ListSerializer, 400: INVALID, 404: NOT_FOUND, 409: CONFLICT},
    ),
    update=extend_schema(
        request=serializers.ListNameSerializer,
        responses={200: serializers.ListSerializer, 400: INVALID, 404: NOT_FOUND, 409: CONFLICT},
    ),
    destroy=extend_schema(responses={204: None, 404: NOT_FOUND, 409: CONFLICT}),
)
class ListViewSet(viewsets.GenericViewSet[Any]):
    queryset = LeadList.objects.none()
    serializer_class = serializers.ListSerializer
    lookup_value_regex = r"\d+"
    filter_backends = []

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(list_lists(membership_of(request).account)) or []
        return self.get_paginated_response(serializers.ListSerializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(serializers.ListSerializer(self._list(request, pk)).data)

    def create(self, request: Request) -> Response:
        made = lists.create_list(account=membership_of(request).account, name=_name(request), now=clock.now())
        return Response(serializers.ListSerializer(made).data, status=status.HTTP_201_CREATED)

    def update(self, request: Request, pk: str) -> Response:
        lead_list = self._list(request, pk)
        lists.rename_list(lead_list=lead_list, name=_name(request))
        return Response(serializers.ListSerializer(lead_list).data)

    def partial_update(self, request: Request, pk: str) -> Response:
        return self.update(request, pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Leads que uma campanha usou ficam nela, como retrato próprio. 409 enquanto uma campanha aberta precisa da lista."""
        lists.delete_list(lead_list=self._list(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(parameters=FILTERS, responses={200: serializers.LeadSerializer(many=True), 404: NOT_FOUND})
    @action(detail=True, methods=["get"])
    def leads(self, request: Request, pk: str) -> Response:
        lead_list = self._list(request, pk)
        wanted = LeadParams(data=request.query_params).wanted()
        page = (
            self.paginate_queryset(list_leads(membership_of(request).account, lead_list=lead_list, wanted=wanted)) or []
        )
        return self.get_paginated_response(serializers.LeadSerializer(page, many=True).data)

    @extend_schema(
        parameters=[FORMAT, *FILTERS],
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, XLSX_TYPE): OpenApiTypes.BINARY,
            400: INVALID,
            404: NOT_FOUND,
        },
    )
    @action(detail=True, methods=["get"], content_negotiation_class=AnyFormat, pagination_class=None)
    def export(self, request: Request, pk: str) -> HttpResponseBase:
        """O arquivo pode ser importado de novo: dá os mesmos leads."""
        lead_list = self._list(request, pk)
        wanted = LeadParams(data=request.query_params).wanted()
        params = ExportParams(data=request.query_params)
        params.is_valid(raise_exception=True)
        leads = walk_leads(membership_of(request).account, lead_list=lead_list, wanted=wanted)
        table = exports.lead_table(lead_list=lead_list, leads=leads)
        if params.validated_data["format"] == "xlsx":
            file = exports.xlsx_file(table, title=lead_list.name)
            return FileResponse(file, as_attachment=True, filename=f"{lead_list.name}.xlsx", content_type=XLSX_TYPE)
        return csv_response(table, filename=f"{lead_list.name}.csv")

    def _list(self, request: Request, pk: str) -> LeadList:
        return access_list(membership_of(request), int(pk))


def _name(request: Request) -> str:
    form = serializers.ListNameSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    name: str = form.validated_data["name"]
    return name

"""/api/imports/: send a spreadsheet into a list, follow it, and see what became of each row."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers as drf_serializers
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import clock
from accounts.api import membership_of
from extraction.access import access_import, access_list
from extraction.api import serializers
from extraction.api.lists import CONFLICT, INVALID, NOT_FOUND
from extraction.domain.rows import Outcome
from extraction.models import LeadImport
from extraction.selectors import list_import_rows, list_imports
from extraction.services import imports
from extraction.tasks import wake_imports

OUTCOME = OpenApiParameter("outcome", str, enum=[outcome.value for outcome in Outcome])


class RowParams(drf_serializers.Serializer[Any]):
    outcome = drf_serializers.ChoiceField(choices=[outcome.value for outcome in Outcome], required=False, default="")


@extend_schema_view(
    list=extend_schema(responses=serializers.ImportSerializer(many=True)),
    retrieve=extend_schema(responses={200: serializers.ImportSerializer, 404: NOT_FOUND}),
    create=extend_schema(
        request={"multipart/form-data": serializers.ImportCreateSerializer},
        responses={201: serializers.ImportSerializer, 400: INVALID, 404: NOT_FOUND, 409: CONFLICT},
    ),
)
class ImportViewSet(viewsets.GenericViewSet[Any]):
    queryset = LeadImport.objects.none()
    serializer_class = serializers.ImportSerializer
    parser_classes = [MultiPartParser]
    lookup_value_regex = r"\d+"
    filter_backends = []

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(list_imports(membership_of(request).account)) or []
        return self.get_paginated_response(serializers.ImportSerializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(serializers.ImportSerializer(access_import(membership_of(request), int(pk))).data)

    def create(self, request: Request) -> Response:
        """O arquivo entra na fila; acompanhe em `/api/imports/{id}/`."""
        form = serializers.ImportCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        membership, data = membership_of(request), form.validated_data
        made = imports.create_import(
            account=membership.account,
            lead_list=data["list_name"] if data.get("list") is None else access_list(membership, data["list"]),
            upload=data["file"],
            default_ddd=data.get("default_ddd", ""),
            by=membership.user,
            now=clock.now(),
        )
        wake_imports()
        return Response(serializers.ImportSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[OUTCOME],
        responses={200: serializers.ImportRowSerializer(many=True), 400: INVALID, 404: NOT_FOUND},
    )
    @action(detail=True, methods=["get"])
    def rows(self, request: Request, pk: str) -> Response:
        lead_import = access_import(membership_of(request), int(pk))
        params = RowParams(data=request.query_params)
        params.is_valid(raise_exception=True)
        rows = list_import_rows(
            membership_of(request).account, lead_import=lead_import, outcome=params.validated_data["outcome"]
        )
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(serializers.ImportRowSerializer(page, many=True).data)

"""/api/suppressions/: phones that must not be written to. Nothing deletes one here: an opt-out is never undone by us."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import clock
from accounts.api import membership_of
from campaigns.api import serializers
from campaigns.models import Suppression
from campaigns.selectors.suppressions import list_suppressions
from campaigns.services.suppressions import suppress


@extend_schema_view(
    list=extend_schema(
        parameters=[OpenApiParameter("search", str, description="Dígitos do telefone.")],
        responses=serializers.SuppressionOut(many=True),
    ),
    create=extend_schema(request=serializers.SuppressionIn, responses={201: serializers.SuppressionOut}),
)
class SuppressionViewSet(viewsets.GenericViewSet[Suppression]):
    queryset = Suppression.objects.none()
    serializer_class = serializers.SuppressionOut
    filter_backends = []

    def list(self, request: Request) -> Response:
        rows = list_suppressions(account=membership_of(request).account, search=request.query_params.get("search", ""))
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(serializers.SuppressionOut(page, many=True).data)

    def create(self, request: Request) -> Response:
        """The first reason given for a phone stays."""
        form = serializers.SuppressionIn(data=request.data)
        form.is_valid(raise_exception=True)
        membership = membership_of(request)
        row = suppress(
            account=membership.account,
            phone=form.validated_data["phone"],
            reason=form.validated_data["reason"],
            source="api",
            by=membership.user,
            now=clock.now(),
        )
        return Response(serializers.SuppressionOut(row).data, status=status.HTTP_201_CREATED)

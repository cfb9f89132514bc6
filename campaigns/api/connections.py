"""/api/connections/: WhatsApp numbers. The instance key and the token go in and never come out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import clock
from accounts.api import membership_of
from campaigns.access import access_connection
from campaigns.api import serializers
from campaigns.models import Connection
from campaigns.selectors import connections
from campaigns.services import connections as services
from campaigns.services.connections import Pace


@extend_schema_view(
    list=extend_schema(responses=serializers.ConnectionOut(many=True)),
    retrieve=extend_schema(responses=serializers.ConnectionOut),
    create=extend_schema(request=serializers.ConnectionIn, responses={201: serializers.ConnectionOut}),
    partial_update=extend_schema(request=serializers.PaceIn, responses=serializers.ConnectionOut),
    destroy=extend_schema(responses={204: None}),
)
class ConnectionViewSet(viewsets.GenericViewSet[Any]):
    queryset = Connection.objects.none()
    serializer_class = serializers.ConnectionOut
    lookup_value_regex = r"\d+"
    filter_backends = []

    def list(self, request: Request) -> Response:
        cards = connections.connection_cards(account=membership_of(request).account, now=clock.now())
        page = self.paginate_queryset(cards) or []
        return self.get_paginated_response(serializers.ConnectionOut(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self._answer(request, self._connection(request, pk))

    def create(self, request: Request) -> Response:
        form = serializers.ConnectionIn(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        connection = services.add_connection(
            account=membership_of(request).account,
            name=data["name"],
            host=data["host"],
            instance_key=data["instance_key"],
            token=data["token"],
            pace=form.pace(Pace()),
            now=clock.now(),
        )
        return self._answer(request, connection, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Changes the pace, from the next message on."""
        connection = self._connection(request, pk)
        form = serializers.PaceIn(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        lane = connection.lane
        pace = form.pace(Pace(lane.gap_min_s, lane.gap_max_s, lane.daily_cap))
        services.set_pace(connection=connection, pace=pace, now=clock.now())
        return self._answer(request, self._connection(request, pk))

    def destroy(self, request: Request, pk: str) -> Response:
        """Removes the number; its pace and usage stay for the day it is added again."""
        services.remove_connection(connection=self._connection(request, pk), now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=serializers.ConnectionOut)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Asks the gateway for the state now."""
        services.check_connection(connection=self._connection(request, pk), now=clock.now())
        return self._answer(request, self._connection(request, pk))

    @extend_schema(responses=serializers.QrOut)
    @action(detail=True, methods=["get"])
    def qr(self, request: Request, pk: str) -> Response:
        """The QR code to scan now."""
        code = services.qr_code(connection=self._connection(request, pk))
        return Response(serializers.QrOut({"image": code.image, "code": code.code}).data)

    def _connection(self, request: Request, pk: str) -> Connection:
        return access_connection(membership_of(request), int(pk))

    def _answer(self, request: Request, connection: Connection, code: int = status.HTTP_200_OK) -> Response:
        account = membership_of(request).account
        card = connections.connection_card(account=account, connection=connection, now=clock.now())
        return Response(serializers.ConnectionOut(card).data, status=code)

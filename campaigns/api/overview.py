"""/api/dashboard/overview: the six figures of the dashboard, as the plan fixes the address."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import clock
from accounts.api import membership_of
from campaigns.api import serializers
from campaigns.selectors.overview import overview
from campaigns.selectors.periods import CODES, Period, period_of
from leads_infinitos.kernel.clock import local_day


class OverviewIn(drf.Serializer[Any]):
    period = drf.ChoiceField(choices=CODES, default="all", help_text="custom precisa de from e to.")
    first = drf.DateField(required=False)
    last = drf.DateField(required=False)

    def period_on(self, today: dt.date) -> Period:
        data = self.validated_data
        try:
            return period_of(data["period"], today=today, first=data.get("first"), last=data.get("last"))
        except ValueError as error:
            raise drf.ValidationError({"period": ["Informe o primeiro e o último dia, nesta ordem."]}) from error


class OverviewView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("period", str, enum=list(CODES)),
            OpenApiParameter("from", dt.date, description="Primeiro dia, em period=custom."),
            OpenApiParameter("to", dt.date, description="Último dia, em period=custom."),
        ],
        responses=serializers.OverviewOut,
    )
    def get(self, request: Request) -> Response:
        """Figures by local day of the account; without a period, of all time."""
        params = request.query_params
        names = {"period": "period", "from": "first", "to": "last"}
        form = OverviewIn(data={name: params[given] for given, name in names.items() if given in params})
        form.is_valid(raise_exception=True)
        account = membership_of(request).account
        period = form.period_on(local_day(clock.now(), account.time_zone))
        figures = overview(account=account, period=period)
        return Response(serializers.OverviewOut({"period": period, "figures": figures}).data)

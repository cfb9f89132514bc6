"""API addresses that belong to no single app."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import clock
from accounts.api import membership_of
from billing.models import LicenceState
from billing.selectors import entitlement_for


class LicenceOut(serializers.Serializer[Any]):
    """What the account may do now. Times are UTC; `access_until` is before grace, null with access means no end."""

    state = serializers.ChoiceField(choices=LicenceState.choices)
    plan = serializers.CharField(source="plan.slug", allow_null=True, default=None)
    period = serializers.CharField(allow_blank=True)
    access = serializers.BooleanField()
    access_until = serializers.DateTimeField(allow_null=True)
    grace_until = serializers.DateTimeField(allow_null=True)
    numbers = serializers.IntegerField()
    daily_per_number = serializers.IntegerField()
    daily_limit = serializers.IntegerField()
    used_today = serializers.IntegerField()
    left_today = serializers.IntegerField()


class LicenceView(APIView):
    """The account's licence and what it has used today."""

    @extend_schema(responses=LicenceOut, tags=["licence"])
    def get(self, request: Request) -> Response:
        return Response(LicenceOut(entitlement_for(membership_of(request).account, clock.now())).data)

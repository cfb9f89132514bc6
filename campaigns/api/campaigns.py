"""/api/campaigns/: parse, call one service or selector, answer. Refusals become JSON in one place (portal.api_errors)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import clock
from accounts.api import membership_of
from campaigns.access import access_campaign
from campaigns.api import serializers
from campaigns.models import Campaign
from campaigns.selectors import campaigns, messages
from campaigns.selectors.figures import figures_of
from campaigns.selectors.retries import failures_of
from campaigns.services import copies, lifecycle, removal
from campaigns.services.lifecycle import KEEP, CampaignPlan

TABS = OpenApiParameter("tab", str, description="Grupo de situações.", enum=list(campaigns.TABS))
STATUS = OpenApiParameter("status", str, enum=list(messages.FILTERS))
SEARCH = OpenApiParameter("search", str, description="Procura pelo nome.")


@extend_schema_view(
    list=extend_schema(parameters=[TABS, SEARCH], responses=serializers.CampaignOut(many=True)),
    retrieve=extend_schema(responses=serializers.CampaignOut),
    create=extend_schema(request=serializers.CampaignIn, responses={201: serializers.CampaignOut}),
    destroy=extend_schema(responses={204: None}),
    partial_update=extend_schema(request=serializers.CampaignIn, responses=serializers.CampaignOut),
)
class CampaignViewSet(viewsets.GenericViewSet[Any]):
    queryset = Campaign.objects.none()
    serializer_class = serializers.CampaignOut
    lookup_value_regex = r"\d+"
    filter_backends = []

    def list(self, request: Request) -> Response:
        account = membership_of(request).account
        params = request.query_params
        rows = campaigns.list_campaigns(
            account=account, tab=params.get("tab", "all"), search=params.get("search", "").strip()
        )
        page = self.paginate_queryset(campaigns.with_parts(rows)) or []
        shown = campaigns.rows_of(page, account=account, now=clock.now())
        return self.get_paginated_response(serializers.CampaignOut(shown, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self._answer(request, self._campaign(request, pk))

    def create(self, request: Request) -> Response:
        form = serializers.CampaignIn(data=request.data)
        form.is_valid(raise_exception=True)
        membership = membership_of(request)
        campaign = lifecycle.create_campaign(
            account=membership.account, plan=_plan(form.validated_data), by=membership.user, now=clock.now()
        )
        return self._answer(request, campaign, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        campaign = self._campaign(request, pk)
        form = serializers.CampaignIn(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        plan = _plan({**_chosen(campaign), **form.validated_data})
        return self._answer(request, lifecycle.edit_campaign(campaign=campaign, plan=plan, now=clock.now()))

    def destroy(self, request: Request, pk: str) -> Response:
        """Só rascunhos e campanhas encerradas. Consumo, histórico de contatos e pedidos de não enviar ficam."""
        removal.delete_campaign(campaign=self._campaign(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=serializers.StartIn, responses=serializers.CampaignOut)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Starts now, or schedules where the body names `starts_at`."""
        campaign = self._campaign(request, pk)
        form = serializers.StartIn(data=request.data or {})
        form.is_valid(raise_exception=True)
        starts_at: dt.datetime | None = form.validated_data.get("starts_at")
        if starts_at is None:
            return self._answer(request, lifecycle.start_campaign(campaign=campaign, now=clock.now()))
        scheduled = lifecycle.schedule_campaign(campaign=campaign, starts_at=starts_at, now=clock.now())
        return self._answer(request, scheduled)

    @extend_schema(request=None, responses=serializers.CampaignOut)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        return self._answer(request, lifecycle.pause_campaign(campaign=self._campaign(request, pk)))

    @extend_schema(request=None, responses=serializers.CampaignOut)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        return self._answer(request, lifecycle.resume_campaign(campaign=self._campaign(request, pk), now=clock.now()))

    @extend_schema(request=None, responses=serializers.CampaignOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        return self._answer(request, lifecycle.cancel_campaign(campaign=self._campaign(request, pk), now=clock.now()))

    @extend_schema(request=None, responses={201: serializers.CampaignOut})
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: str) -> Response:
        """Um rascunho novo com as mesmas listas, números, textos e horários."""
        by = membership_of(request).user
        copy = copies.duplicate_campaign(campaign=self._campaign(request, pk), by=by, now=clock.now())
        return self._answer(request, copy, status.HTTP_201_CREATED)

    @extend_schema(responses=serializers.FailuresOut)
    @action(detail=True, methods=["get"])
    def retry(self, request: Request, pk: str) -> Response:
        """Quantas falhas podem ser tentadas de novo."""
        return Response(serializers.FailuresOut(failures_of(self._campaign(request, pk))).data)

    @extend_schema(request=None, responses={201: serializers.CampaignOut})
    @retry.mapping.post
    def start_retry(self, request: Request, pk: str) -> Response:
        """Uma campanha nova, já iniciada, só com as falhas que podem ser tentadas de novo."""
        by = membership_of(request).user
        run = copies.retry_failures(campaign=self._campaign(request, pk), by=by, now=clock.now())
        return self._answer(request, run, status.HTTP_201_CREATED)

    @extend_schema(responses=serializers.StatsOut)
    @action(detail=True, methods=["get"])
    def stats(self, request: Request, pk: str) -> Response:
        row = self._row(request, self._campaign(request, pk))
        return Response(serializers.StatsOut(row).data)

    @extend_schema(request=serializers.DealIn, responses=serializers.DealOut)
    @action(detail=True, methods=["post"])
    def deal(self, request: Request, pk: str) -> Response:
        """Counts one closed deal more, or one less."""
        campaign = self._campaign(request, pk)
        form = serializers.DealIn(data=request.data)
        form.is_valid(raise_exception=True)
        change = 1 if form.validated_data["action"] == "increment" else -1
        campaign.closed_deals = lifecycle.move_deals(campaign=campaign, change=change)
        return Response(serializers.DealOut(serializers.stats_row(figures_of(campaign))).data)

    @extend_schema(
        parameters=[STATUS, SEARCH],
        responses=serializers.MessageOut(many=True),
    )
    @action(detail=True, methods=["get"])
    def messages(self, request: Request, pk: str) -> Response:
        params = request.query_params
        rows = messages.list_messages(
            campaign=self._campaign(request, pk),
            state=params.get("status", "all"),
            search=params.get("search", "").strip(),
        )
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(serializers.MessageOut(page, many=True).data)

    def _campaign(self, request: Request, pk: str) -> Campaign:
        return access_campaign(membership_of(request), int(pk))

    def _row(self, request: Request, campaign: Campaign) -> campaigns.CampaignRow:
        return campaigns.rows_of([campaign], account=membership_of(request).account, now=clock.now())[0]

    def _answer(self, request: Request, campaign: Campaign, code: int = status.HTTP_200_OK) -> Response:
        return Response(serializers.CampaignOut(self._row(request, campaign)).data, status=code)


def _plan(data: dict[str, Any]) -> CampaignPlan:
    return CampaignPlan(
        name=data["name"],
        list_ids=data.get("lists", ()),
        connection_ids=data.get("connections", ()),
        texts=data.get("texts", ()),
        name_fallback=data.get("name_fallback", ""),
        window=data.get("window"),
        skip_holidays=data.get("skip_holidays", False),
        daily_cap=data.get("daily_cap"),
        starts_at=data.get("starts_at", KEEP),
    )


def _chosen(campaign: Campaign) -> dict[str, Any]:
    """What a campaign says now, under the names of the API."""
    return {
        "name": campaign.name,
        "lists": [row.list_id for row in campaign.campaign_lists.all()],
        "connections": [row.lane.connection_id for row in campaign.campaign_lanes.select_related("lane")],
        "texts": [row.body for row in campaign.variations.all()],
        "name_fallback": campaign.name_fallback,
        "window": campaign.window,
        "skip_holidays": campaign.skip_holidays,
        "daily_cap": campaign.daily_cap,
    }

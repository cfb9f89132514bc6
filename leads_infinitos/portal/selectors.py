"""What the dashboard and the page of the plan show: figures of several apps, joined here and nowhere below."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from accounts.models import Account
from billing.selectors import Entitlement, PlanPage, entitlement_for, plan_page
from campaigns import texts
from campaigns.domain import rates
from campaigns.domain.restoring import Stop
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, Connection, ConnectionState, UsageDay
from campaigns.selectors.campaigns import CampaignRow, list_campaigns, rows_of
from campaigns.selectors.overview import Overview, overview
from campaigns.selectors.periods import Period
from campaigns.selectors.stalls import list_stalls
from campaigns.services import restore_guard
from campaigns.services.lifecycle import LATE_START
from extraction.models import LeadList
from leads_infinitos.portal import formatting

MOST_RUNNING = 5
MOST_DAYS = 62  # of the chart; more would be hair lines
SMALL_SAMPLE = 30  # sends below which a rate says little


@dataclass(frozen=True)
class Step:
    """One of the first steps, and whether it is done."""

    title: str
    minutes: int
    url: str
    is_done: bool


@dataclass(frozen=True)
class Day:
    """One column of the chart."""

    day: dt.date
    sent: int
    not_sent: int
    x: str  # percent of the width
    width: str
    sent_y: str  # percent of the height
    sent_height: str
    rest_y: str
    rest_height: str


@dataclass(frozen=True)
class Need:
    """Something that waits for a person."""

    icon: str
    text: str
    url: str
    action: str


@dataclass(frozen=True)
class Dashboard:
    """Everything on the first page. `steps` is empty once all are done."""

    period: Period
    figures: Overview
    is_small_sample: bool
    steps: tuple[Step, ...]
    needs: tuple[Need, ...]
    running: tuple[CampaignRow, ...]
    right: Entitlement
    days: tuple[Day, ...]
    busiest: int  # the top of the chart


def dashboard(*, account: Account, period: Period, now: dt.datetime) -> Dashboard:
    """A constant number of queries, whatever the account holds."""
    figures = overview(account=account, period=period)
    running = list(list_campaigns(account=account, tab="running")[:MOST_RUNNING])
    days, busiest = _days(account, period)
    return Dashboard(
        period=period,
        figures=figures,
        is_small_sample=0 < figures.messages_sent < SMALL_SAMPLE,
        steps=_steps(account),
        needs=_needs(account, now=now),
        running=tuple(rows_of(running, account=account, now=now)),
        right=entitlement_for(account, now),
        days=days,
        busiest=busiest,
    )


def _steps(account: Account) -> tuple[Step, ...]:
    sums = Campaign.objects.filter(account=account).aggregate(
        started=Count("pk", filter=Q(started_at__isnull=False)), deals=Sum("closed_deals", default=0)
    )
    connected = Connection.objects.filter(account=account, archived_at__isnull=True).exists()
    has_leads = LeadList.objects.filter(account=account, lead_count__gt=0).exists()
    steps = (
        Step("Importar seus contatos", 3, "/leads/import/", has_leads),
        Step("Conectar seu WhatsApp", 2, "/connections/new/", connected),
        Step("Enviar a primeira campanha", 5, "/campaigns/new/", bool(sums["started"])),
        Step("Marcar o primeiro negócio fechado", 1, "/campaigns/", bool(sums["deals"])),
    )
    return () if all(step.is_done for step in steps) else steps


# Said elsewhere on every page: by a banner or by a need of its own.
_TOLD = frozenset({"licence_lapsed", "account_halted", "disconnected", *Stop})


def _needs(account: Account, *, now: dt.datetime) -> tuple[Need, ...]:
    needs = []
    down = Connection.objects.filter(account=account, archived_at__isnull=True, state=ConnectionState.DISCONNECTED)
    waiting = Q(lane__campaigns__status=CampaignStatus.RUNNING, lane__campaigns__queued_count__gt=0)
    for name in down.filter(waiting).distinct().order_by("pk").values_list("name", flat=True)[:3]:
        needs.append(
            Need("signal-slash", f"{name} está desconectado e tem mensagens na fila", "/connections/", "Reconectar")
        )
    late = Campaign.objects.filter(account=account, status=CampaignStatus.PAUSED, pause_reason=LATE_START)
    for pk, name in late.order_by("starts_at").values_list("pk", "name")[: 5 - len(needs)]:
        needs.append(Need("clock", f"{name} passou da hora marcada e espera por você", f"/campaigns/{pk}/", "Decidir"))
    for stall in list_stalls(guard=restore_guard.look, now=now, account=account)[: 5 - len(needs)]:
        if not stall.cause.is_expected and stall.cause.reason not in _TOLD:
            why = texts.reason(stall.cause.reason, stall.cause.compared)
            since = formatting.duration((now - stall.since).total_seconds())
            text = f"{stall.campaign.name} não anda há {since}. {why}"
            needs.append(Need("exclamation-triangle", text, f"/campaigns/{stall.campaign.pk}/", "Ver"))
    unsure = Campaign.objects.filter(account=account, unconfirmed_count__gt=0).order_by("-created_at")
    for pk, name, count in unsure.values_list("pk", "name", "unconfirmed_count")[: 5 - len(needs)]:
        some = "1 mensagem incerta" if count == 1 else f"{count} mensagens incertas"
        url = f"/campaigns/{pk}/?state=unconfirmed#mensagens"
        needs.append(Need("question-mark-circle", f"{some} em {name}", url, "Conferir"))
    return tuple(needs)


def _days(account: Account, period: Period) -> tuple[tuple[Day, ...], int]:
    if period.first is None or period.last is None or not 0 < (period.last - period.first).days < MOST_DAYS:
        return (), 0
    rows = UsageDay.objects.filter(account=account, day__range=(period.first, period.last)).values("day")
    sums = {
        row["day"]: (row["ok"], row["bad"] + row["wrong"])
        for row in rows.annotate(ok=Sum("sent"), bad=Sum("failed"), wrong=Sum("invalid")).order_by("day")
    }
    count = (period.last - period.first).days + 1
    busiest = max((sent + rest for sent, rest in sums.values()), default=0)
    columns = []
    for index in range(count):
        day = period.first + dt.timedelta(days=index)
        sent, rest = sums.get(day, (0, 0))
        high, top = rates.share(sent, busiest) or 0.0, rates.share(rest, busiest) or 0.0
        columns.append(
            Day(
                day,
                sent,
                rest,
                x=f"{100 * (index + 0.15) / count:.2f}",
                width=f"{70 / count:.2f}",
                sent_y=f"{100 - high:.1f}",
                sent_height=f"{high:.1f}",
                rest_y=f"{100 - high - top:.1f}",
                rest_height=f"{top:.1f}",
            )
        )
    return tuple(columns), busiest


@dataclass(frozen=True)
class PlanView:
    """The page of the plan: what billing says, and how many numbers are connected."""

    plan: PlanPage
    numbers_used: int


def plan_view(*, account: Account, now: dt.datetime) -> PlanView:
    """A constant number of queries."""
    used = Connection.objects.filter(account=account, archived_at__isnull=True).count()
    return PlanView(plan=plan_page(account, now), numbers_used=used)

"""A planned send with its counters, its texts, its lists, and its turns on lanes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Account, User
from campaigns.domain.states import CampaignStatus
from campaigns.models.connections import SendLane
from extraction.models import LeadList


def default_window() -> list[list[list[int]]]:
    """Monday to Friday 08:00-20:00, as minutes of the local day."""
    return [[[480, 1200]]] * 5 + [[], []]


class Campaign(models.Model):
    """A planned send: lists + variations + numbers + window. Waiting for plan, window or connection is computed, never stored."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="campaigns", verbose_name="conta")
    name = models.CharField("nome", max_length=120)
    status = models.CharField(
        "situação",
        max_length=10,
        choices=[
            (CampaignStatus.DRAFT, "Rascunho"),
            (CampaignStatus.SCHEDULED, "Agendada"),
            (CampaignStatus.RUNNING, "Em andamento"),
            (CampaignStatus.PAUSED, "Pausada"),
            (CampaignStatus.FINISHED, "Concluída"),
            (CampaignStatus.CANCELLED, "Cancelada"),
        ],
        default=CampaignStatus.DRAFT,
    )
    pause_reason = models.CharField("pausada por", max_length=40, blank=True)
    starts_at = models.DateTimeField("início agendado", null=True, blank=True)
    started_at = models.DateTimeField("iniciada em", null=True, blank=True)
    finished_at = models.DateTimeField("concluída em", null=True, blank=True)
    # [weekday, Monday first][interval] = [from, to) in minutes of the local day
    window = models.JSONField("horário de envio", default=default_window)
    skip_holidays = models.BooleanField("não enviar em feriados nacionais", default=False)
    name_fallback = models.CharField("quando não há nome", max_length=60, blank=True)
    daily_cap = models.PositiveIntegerField("limite diário da campanha", null=True, blank=True)
    used_on = models.DateField(null=True, blank=True, editable=False)
    used_count = models.PositiveIntegerField(default=0, editable=False)
    lists: models.ManyToManyField[LeadList, CampaignList] = models.ManyToManyField(
        LeadList, through="CampaignList", related_name="+", verbose_name="listas"
    )
    lanes: models.ManyToManyField[SendLane, CampaignLane] = models.ManyToManyField(
        SendLane, through="CampaignLane", related_name="campaigns", verbose_name="números"
    )
    # Materialising: the audience is read list by list in lead order; nothing is claimable before audience_ready_at.
    audience_list = models.PositiveIntegerField(default=0, editable=False)  # index of the list being read
    # id of the last lead read in it; where failures are repeated, of the last message
    audience_lead = models.BigIntegerField(default=0, editable=False)
    audience_ready_at = models.DateTimeField("público completo em", null=True, blank=True)
    audience_count = models.PositiveIntegerField("vão receber", default=0)
    excluded_count = models.PositiveIntegerField("fora do envio", default=0)
    queued_count = models.PositiveIntegerField("na fila", default=0)
    sending_count = models.PositiveIntegerField("enviando", default=0)
    sent_count = models.PositiveIntegerField("enviadas", default=0)
    failed_count = models.PositiveIntegerField("falhas", default=0)
    invalid_count = models.PositiveIntegerField("números inválidos", default=0)
    unconfirmed_count = models.PositiveIntegerField("incertas", default=0)
    skipped_count = models.PositiveIntegerField("ignoradas", default=0)
    cancelled_count = models.PositiveIntegerField("canceladas", default=0)
    delivered_count = models.PositiveIntegerField("entregues", default=0)
    read_count = models.PositiveIntegerField("lidas", default=0)
    replied_count = models.PositiveIntegerField("responderam", default=0)
    closed_deals = models.PositiveIntegerField("negócios fechados", default=0)
    last_sent_at = models.DateTimeField("último envio", null=True, blank=True)
    # watchdog: when an operator was last told that nothing moves; why is computed each time, never stored
    alarmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The finished campaign whose failures this one repeats; its audience comes from there, not from lists.
    retry_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="retries", verbose_name="novo envio de"
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="criada por")
    created_at = models.DateTimeField("criada em", default=timezone.now)

    class Meta:
        verbose_name = "campanha"
        verbose_name_plural = "campanhas"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="campaign_of_account"),
            models.CheckConstraint(condition=Q(status__in=list(CampaignStatus)), name="campaign_status_known"),
            models.CheckConstraint(
                condition=~Q(status="scheduled") | Q(starts_at__isnull=False), name="campaign_scheduled_has_time"
            ),
            # No message ever leaves the sum: the counters are exactly the audience.
            models.CheckConstraint(
                condition=Q(
                    audience_count=F("queued_count")
                    + F("sending_count")
                    + F("sent_count")
                    + F("failed_count")
                    + F("invalid_count")
                    + F("unconfirmed_count")
                    + F("skipped_count")
                    + F("cancelled_count")
                ),
                name="campaign_counters_add_up",
            ),
            models.CheckConstraint(
                condition=~Q(status="finished") | Q(queued_count=0, sending_count=0), name="campaign_finished_is_done"
            ),
        ]
        indexes = [
            # selectors.list_campaigns: an account's campaigns, newest first
            models.Index(fields=["account", "-created_at"], name="campaign_newest"),
            # lifecycle.start_due
            models.Index(fields=["starts_at"], condition=Q(status="scheduled"), name="campaign_due"),
            # audience, finish and claim look at the running ones
            models.Index(fields=["account"], condition=Q(status="running"), name="campaign_running"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status in (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED)


class Variation(models.Model):
    """One alternative text of a campaign; messages take them in turn."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="variations", verbose_name="campanha")
    position = models.PositiveSmallIntegerField("ordem")
    body = models.TextField("texto", max_length=4000)

    class Meta:
        verbose_name = "variação"
        verbose_name_plural = "variações"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "position"], name="variation_position_once")]

    def __str__(self) -> str:
        return f"Variação {self.position + 1}"


class CampaignList(models.Model):
    """A list chosen for a campaign, read in `position` order."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="campaign_lists")
    list = models.ForeignKey(LeadList, models.CASCADE, related_name="+", verbose_name="lista")
    position = models.PositiveSmallIntegerField("ordem")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "list"], name="campaign_list_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.list_id}"


class CampaignLane(models.Model):
    """That a campaign sends on a lane, and when it was last served there: whose turn it is."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="campaign_lanes")
    lane = models.ForeignKey(SendLane, models.CASCADE, related_name="campaign_lanes", verbose_name="número")
    served_at = models.DateTimeField("servida em", null=True, blank=True)
    dealt_count = models.PositiveIntegerField("mensagens dadas", default=0)  # to this number, sent or not

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "lane"], name="campaign_lane_once")]
        indexes = [  # claim: the campaigns of a lane, least recently served first
            models.Index(fields=["lane", "served_at"], name="campaign_lane_turn"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} @ {self.lane_id}"

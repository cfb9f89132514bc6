"""The messages of campaigns, those who became none, each call made for one, and what people decided about it.

Message: queued -> sending -> sent | failed | unconfirmed; queued -> skipped | cancelled; sending -> queued only when it is
proved that nothing was sent.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, User
from campaigns.domain.states import MessageStatus, ReceiptStatus
from campaigns.models.campaigns import Campaign, Variation
from campaigns.models.connections import Connection
from extraction.models import Lead


class CampaignMessageQuerySet(models.QuerySet["CampaignMessage"]):
    def queued(self) -> CampaignMessageQuerySet:
        """Messages that still wait for their lane, in the order they will leave."""
        return self.filter(status=MessageStatus.QUEUED).order_by("position", "id")


class CampaignMessage(models.Model):
    """One lead in one campaign: the unit sent, counted and billed. Text and number are fixed when the audience is made;
    the number changes only where failover moves it.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", verbose_name="conta")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="messages", verbose_name="campanha")
    # A deleted list leaves the campaign its own snapshot: name, phone and text stay.
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="+", verbose_name="lead")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+", verbose_name="conexão")
    variation = models.ForeignKey(Variation, models.SET_NULL, null=True, related_name="+", verbose_name="variação")
    position = models.BigIntegerField("ordem")
    name = models.CharField("nome", max_length=300, blank=True)
    phone = models.CharField("telefone", max_length=20)
    body = models.TextField("texto")
    status = models.CharField(
        "situação",
        max_length=12,
        choices=[
            (MessageStatus.QUEUED, "Na fila"),
            (MessageStatus.SENDING, "Enviando"),
            (MessageStatus.SENT, "Enviada"),
            (MessageStatus.FAILED, "Falhou"),
            (MessageStatus.UNCONFIRMED, "Incerta"),
            (MessageStatus.SKIPPED, "Ignorada"),
            (MessageStatus.CANCELLED, "Cancelada"),
        ],
        default=MessageStatus.QUEUED,
    )
    reason = models.CharField("motivo", max_length=40, blank=True)
    receipt = models.CharField(
        "recibo",
        max_length=10,
        choices=[
            (ReceiptStatus.NONE, "—"),
            (ReceiptStatus.SERVER, "No servidor"),
            (ReceiptStatus.DELIVERED, "Entregue"),
            (ReceiptStatus.READ, "Lida"),
            (ReceiptStatus.FAILED, "Não entregue"),
        ],
        default=ReceiptStatus.NONE,
    )
    claim_token = models.CharField(max_length=32, null=True, blank=True, editable=False)  # noqa: DJ001 - NULL = settled
    claimed_at = models.DateTimeField("reservada em", null=True, blank=True)
    lease_lost_at = models.DateTimeField("sem resposta desde", null=True, blank=True)
    answered_at = models.DateTimeField("respondida em", null=True, blank=True)
    sent_at = models.DateTimeField("enviada em", null=True, blank=True)
    wa_id = models.CharField("id no WhatsApp", max_length=20, blank=True)
    gateway_message_id = models.CharField("id no provedor", max_length=80, blank=True)
    tries = models.PositiveSmallIntegerField("tentativas", default=0)
    created_at = models.DateTimeField("criada em", default=timezone.now)

    objects = models.Manager.from_queryset(CampaignMessageQuerySet)()

    class Meta:
        verbose_name = "mensagem"
        verbose_name_plural = "mensagens"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="campaign_message_of_account"),
            models.UniqueConstraint(fields=["campaign", "phone"], name="message_once_per_phone"),
            models.UniqueConstraint(
                fields=["connection"], condition=Q(status="sending"), name="connection_one_in_flight"
            ),
            models.CheckConstraint(condition=Q(status__in=list(MessageStatus)), name="message_status_known"),
            models.CheckConstraint(condition=Q(receipt__in=list(ReceiptStatus)), name="message_receipt_known"),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False), name="message_sent_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(claim_token__isnull=False, claimed_at__isnull=False),
                name="message_sending_is_claimed",
            ),
        ]
        indexes = [
            # claim: the next messages of a campaign on a connection
            models.Index(
                fields=["campaign", "connection", "position"], condition=Q(status="queued"), name="message_head"
            ),
            # claim: phones with a message in flight in the account
            models.Index(fields=["account", "phone"], condition=Q(status="sending"), name="message_sending_phone"),
            # record and rescue: the row a claim token stands for
            models.Index(fields=["claim_token"], condition=Q(claim_token__isnull=False), name="message_claim"),
            # campaign page: one state's messages
            models.Index(fields=["campaign", "status", "id"], name="message_by_status"),
            # receipts: the message that carries a gateway id
            models.Index(
                fields=["connection", "gateway_message_id"],
                condition=~Q(gateway_message_id=""),
                name="message_gateway_id",
            ),
            # matching of an echo or ack without a known id
            models.Index(fields=["connection", "phone"], condition=Q(status="unconfirmed"), name="message_unconfirmed"),
        ]

    def __str__(self) -> str:
        return f"mensagem {self.pk}"


class CampaignExclusion(models.Model):
    """A selected lead that became no message, with its reason: part of the waterfall, not of the audience."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="exclusions", verbose_name="campanha")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", verbose_name="lead")
    reason = models.CharField("motivo", max_length=40)

    class Meta:
        verbose_name = "fora do envio"
        verbose_name_plural = "fora do envio"
        constraints = [models.UniqueConstraint(fields=["campaign", "lead"], name="exclusion_once")]
        indexes = [  # campaign page: one reason's leads
            models.Index(fields=["campaign", "reason", "id"], name="exclusion_by_reason"),
        ]

    def __str__(self) -> str:
        return self.reason


class Outcome(models.TextChoices):
    ACCEPTED = "accepted", "Aceita"
    REFUSED_NUMBER = "refused_number", "Número recusado"
    REFUSED_MESSAGE = "refused_message", "Mensagem recusada"
    REFUSED_LANE = "refused_lane", "Número de envio indisponível"
    NOT_SENT = "not_sent", "Não saiu"
    UNKNOWN = "unknown", "Incerta"


class Attempt(models.Model):
    """One send call for one message, append-only. A lease rescue writes one too (unknown, unanswered)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    message = models.ForeignKey(CampaignMessage, models.CASCADE, related_name="attempts", verbose_name="mensagem")
    claim_token = models.CharField(max_length=32, unique=True, editable=False)
    started_at = models.DateTimeField("início")
    answered_at = models.DateTimeField("resposta", null=True, blank=True)
    outcome = models.CharField("resultado", max_length=16, choices=Outcome.choices)
    code = models.CharField("código", max_length=40, blank=True)  # our code for what the gateway said
    http_status = models.PositiveSmallIntegerField("HTTP", null=True, blank=True)
    answer = models.CharField("resposta do provedor", max_length=500, blank=True)  # redacted
    elapsed_ms = models.PositiveIntegerField("ms", null=True, blank=True)

    class Meta:
        verbose_name = "tentativa"
        verbose_name_plural = "tentativas"

    def __str__(self) -> str:
        return f"{self.outcome} {self.code}"


class Decision(models.Model):
    """What a person decided about an unconfirmed message: append-only."""

    class Kind(models.TextChoices):
        COUNT_AS_SENT = "count_as_sent", "Contar como enviada"
        SEND_AGAIN = "send_again", "Enviar de novo"

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    message = models.ForeignKey(CampaignMessage, models.CASCADE, related_name="decisions", verbose_name="mensagem")
    kind = models.CharField("decisão", max_length=14, choices=Kind.choices)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="por")
    decided_at = models.DateTimeField("em")

    class Meta:
        verbose_name = "decisão"
        verbose_name_plural = "decisões"

    def __str__(self) -> str:
        return self.get_kind_display()

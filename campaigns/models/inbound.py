"""What gateways report: receipts, replies, and the raw posts they came in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account
from campaigns.models.connections import Connection
from campaigns.models.messages import CampaignMessage


class Receipt(models.Model):
    """Append-only report of the gateway about a message: server, delivered, read, failed."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+", verbose_name="conexão")
    message = models.ForeignKey(CampaignMessage, models.CASCADE, null=True, related_name="receipts")
    gateway_message_id = models.CharField("id no provedor", max_length=80)
    status = models.CharField("recibo", max_length=10)
    reason = models.CharField("motivo", max_length=40, blank=True)
    received_at = models.DateTimeField("recebido em", default=timezone.now)

    class Meta:
        verbose_name = "recibo"
        verbose_name_plural = "recibos"
        constraints = [
            models.UniqueConstraint(fields=["connection", "gateway_message_id", "status"], name="receipt_once")
        ]

    def __str__(self) -> str:
        return f"{self.gateway_message_id} {self.status}"


class Reply(models.Model):
    """An incoming message of a phone to one of our numbers."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+", verbose_name="conexão")
    phone = models.CharField("telefone", max_length=20)
    message = models.ForeignKey(CampaignMessage, models.SET_NULL, null=True, related_name="replies")
    gateway_message_id = models.CharField("id no provedor", max_length=80)
    text = models.TextField("texto", blank=True)
    received_at = models.DateTimeField("recebida em", default=timezone.now)

    class Meta:
        verbose_name = "resposta"
        verbose_name_plural = "respostas"
        constraints = [models.UniqueConstraint(fields=["connection", "gateway_message_id"], name="reply_once")]
        indexes = [  # claim: who replied already
            models.Index(fields=["account", "phone"], name="reply_by_phone"),
        ]

    def __str__(self) -> str:
        return f"resposta {self.pk}"


class GatewayEvent(models.Model):
    """One thing that a gateway told us through a connection's webhook: stored once, worked on afterwards.

    pending -> processed | ignored | waiting | failed; waiting -> the same. An event waits while the message it may be about
    is still being sent.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Na fila"
        WAITING = "waiting", "Aguardando envio"  # its message may be in flight: looked at again at try_at
        PROCESSED = "processed", "Processado"
        IGNORED = "ignored", "Sem efeito"  # `reason` says why
        FAILED = "failed", "Falhou"  # raised too often; an operator looks at it

    class Kind(models.TextChoices):
        ACK = "ack", "Recibo"
        ECHO = "echo", "Cópia de envio"
        INCOMING = "incoming", "Mensagem recebida"
        CONNECTION = "connection", "Conexão"
        OTHER = "other", "Outro"

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", verbose_name="conta")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+", verbose_name="conexão")
    digest = models.CharField(max_length=64, editable=False)  # of the body: a repetition has the same
    kind = models.CharField("tipo", max_length=12, choices=Kind.choices)
    gateway_message_id = models.CharField("id no provedor", max_length=80, blank=True)
    body = models.JSONField("conteúdo", default=dict)  # as posted, without the instance key; empty once nobody needs it
    received_at = models.DateTimeField("recebido em")
    status = models.CharField("situação", max_length=10, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField("motivo", max_length=60, blank=True)
    try_at = models.DateTimeField("tentar em", null=True, blank=True)  # NULL = done with
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField("falhas", default=0)

    class Meta:
        verbose_name = "evento do WhatsApp"
        verbose_name_plural = "eventos do WhatsApp"
        constraints = [models.UniqueConstraint(fields=["connection", "digest"], name="gateway_event_once")]
        indexes = [
            # inbound.process_due
            models.Index(fields=["try_at", "id"], condition=Q(try_at__isnull=False), name="gateway_event_due"),
            # receipts: when a message id was first heard of
            models.Index(
                fields=["connection", "gateway_message_id"],
                condition=~Q(gateway_message_id=""),
                name="gateway_event_of_message",
            ),
            # selectors.unconfirmed: events that may be about an unconfirmed message
            models.Index(
                fields=["connection", "received_at"], condition=Q(reason="unmatched"), name="gateway_event_unmatched"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

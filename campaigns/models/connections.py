"""One WhatsApp number, and the lane that paces it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.fields import EncryptedTextField
from accounts.models import Account


class Gateway(models.TextChoices):
    MEGAAPI = "megaapi", "Mega API"


class ConnectionState(models.TextChoices):
    UNKNOWN = "unknown", "Não foi possível verificar"
    CONNECTED = "connected", "Conectado"
    CONNECTING = "connecting", "Conectando"
    DISCONNECTED = "disconnected", "Desconectado"


class Connection(models.Model):
    """One WhatsApp number linked to an account. One number is one lane: it cannot be connected twice, in any account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="connections", verbose_name="conta")
    name = models.CharField("nome", max_length=80)
    gateway = models.CharField("provedor", max_length=12, choices=Gateway.choices, default=Gateway.MEGAAPI)
    base_url = models.CharField("endereço", max_length=200)  # scheme, host, port, path prefix
    instance_key = EncryptedTextField("chave da instância")
    token = EncryptedTextField("token")
    vendor_digest = models.CharField(max_length=64, editable=False)  # HMAC of gateway, host and instance key
    webhook_secret = EncryptedTextField(blank=True, editable=False)
    webhook_digest = models.CharField(max_length=64, blank=True, editable=False)
    webhook_set_at = models.DateTimeField("avisos ligados em", null=True, blank=True, editable=False)
    webhook_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Last time the instance told what became of a message. NULL: its delivery confirmations were never received.
    acks_seen_at = models.DateTimeField("última confirmação de entrega", null=True, blank=True, editable=False)
    phone = models.CharField("número", max_length=20, null=True, blank=True)  # noqa: DJ001 - NULL until known, unique else
    state = models.CharField(
        "situação", max_length=12, choices=ConnectionState.choices, default=ConnectionState.UNKNOWN
    )
    state_since = models.DateTimeField("desde", default=timezone.now)
    checked_at = models.DateTimeField("conferida em", null=True, blank=True)
    last_error = models.CharField("último problema", max_length=60, blank=True)  # our code, texts.py words it
    archived_at = models.DateTimeField("removida em", null=True, blank=True)
    created_at = models.DateTimeField("criada em", default=timezone.now)

    class Meta:
        verbose_name = "conexão"
        verbose_name_plural = "conexões"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="connection_of_account"),
            models.UniqueConstraint(
                fields=["vendor_digest"], condition=Q(archived_at__isnull=True), name="connection_instance_once"
            ),
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(archived_at__isnull=True, phone__isnull=False),
                name="connection_phone_once",
            ),
            # webhooks: the connection a posted secret belongs to
            models.UniqueConstraint(
                fields=["webhook_digest"], condition=~Q(webhook_digest=""), name="connection_webhook_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SendLane(models.Model):
    """The pacing queue of one connection: at most one message in flight.

    `not_before` is the pace and nothing that wakes the lane moves it earlier; `wake_at` is when to look, NULL = wait for an
    event. Every writer keeps wake_at >= not_before.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", verbose_name="conta")
    connection = models.OneToOneField(Connection, models.CASCADE, related_name="lane", verbose_name="conexão")
    host = models.CharField("host", max_length=200)  # copied from the connection: the share of a gateway host
    not_before = models.DateTimeField("próximo envio a partir de", default=timezone.now)
    wake_at = models.DateTimeField("olhar em", null=True, blank=True)
    in_flight_token = models.CharField(max_length=32, null=True, blank=True, editable=False)  # noqa: DJ001
    in_flight_until = models.DateTimeField(null=True, blank=True, editable=False)
    gap_min_s = models.FloatField("intervalo mínimo (s)", default=300)
    gap_max_s = models.FloatField("intervalo máximo (s)", default=600)
    daily_cap = models.PositiveIntegerField("limite diário próprio", null=True, blank=True)  # NULL = the plan's
    used_on = models.DateField("dia do consumo", null=True, blank=True)
    used_count = models.PositiveIntegerField("enviadas no dia", default=0)
    rest_until = models.DateTimeField("descansa até", null=True, blank=True)
    rest_reason = models.CharField("motivo do descanso", max_length=40, blank=True)
    unknown_streak = models.PositiveSmallIntegerField("respostas incertas seguidas", default=0)

    class Meta:
        verbose_name = "fila do número"
        verbose_name_plural = "filas dos números"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="send_lane_of_account"),
            models.CheckConstraint(
                condition=Q(wake_at__isnull=True) | Q(wake_at__gte=F("not_before")), name="lane_wakes_after_its_pace"
            ),
            models.CheckConstraint(condition=Q(gap_min_s__gte=0, gap_max_s__gte=F("gap_min_s")), name="lane_gap_range"),
        ]
        indexes = [
            # claim, statement 1: the due lanes of one host, oldest first
            models.Index(fields=["host", "wake_at"], name="lane_due"),
            # rescue: leases that ran out
            models.Index(fields=["in_flight_until"], condition=Q(in_flight_token__isnull=False), name="lane_in_flight"),
            models.Index(fields=["account"], name="lane_by_account"),  # wake: the lanes of one account
        ]

    def __str__(self) -> str:
        return f"fila {self.pk}"

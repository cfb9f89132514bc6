"""The inbox of the payment provider."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account


class PaymentEvent(models.Model):
    """One webhook of the payment provider, stored raw (token removed) before anything else, processed once.

    pending -> processed | ignored | parked | failed; parked and failed ones are tried again when the reason may have healed.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Recebido"  # stored, not looked at yet
        PROCESSED = "processed", "Processado"  # its facts are in the tables
        IGNORED = "ignored", "Ignorado"  # nothing in it concerns a licence
        PARKED = "parked", "Aguardando operador"  # something is missing (reason), grants nothing meanwhile
        FAILED = "failed", "Falhou"  # our fault; will be tried again

    source = models.CharField("origem", max_length=20, default="hotmart")
    dedupe_key = models.CharField("id do evento", max_length=120)
    event = models.CharField("evento", max_length=60, blank=True)
    payload = models.JSONField("conteúdo", null=True, blank=True)  # redacted: no hottok
    raw = models.BinaryField(null=True, blank=True, editable=False)  # only of a body that could not be parsed
    body_digest = models.CharField(max_length=64, editable=False)
    # Taken from the payload, to find and retry events by; empty when it does not say.
    subscriber_code = models.CharField("assinante", max_length=60, blank=True)
    transaction = models.CharField("transação", max_length=60, blank=True)
    buyer_email = models.CharField("e-mail do comprador", max_length=254, blank=True)
    produced_at = models.DateTimeField("produzido em", null=True, blank=True)
    received_at = models.DateTimeField("recebido em", default=timezone.now)
    status = models.CharField("situação", max_length=10, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField("motivo", max_length=60, blank=True)
    tries = models.PositiveSmallIntegerField("tentativas", default=0)
    try_at = models.DateTimeField("tentar em", default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    processed_at = models.DateTimeField("processado em", null=True, blank=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="conta")

    class Meta:
        verbose_name = "evento de pagamento"
        verbose_name_plural = "eventos de pagamento"
        constraints = [models.UniqueConstraint(fields=["source", "dedupe_key"], name="payment_event_once")]
        indexes = [  # billing.services.inbox.claim: the next events to process
            models.Index(fields=["try_at"], condition=Q(status="pending"), name="payment_event_due"),
            # billing.services.inbox.retry_parked, billing.selectors: what waits for an operator, by reason or by buyer
            models.Index(fields=["reason"], condition=Q(status="parked"), name="payment_event_parked"),
            models.Index(fields=["buyer_email"], condition=Q(status="parked"), name="payment_event_parked_buyer"),
        ]

    def __str__(self) -> str:
        return f"{self.event or '?'} {self.dedupe_key[:12]}"

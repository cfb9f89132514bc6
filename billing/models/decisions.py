"""What operators decided by hand. Facts like payments: taken back by a date, never deleted."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, User
from billing.models.payments import Subscription
from billing.models.plans import Plan


class Grant(models.Model):
    """A right given by hand: competes as one more subscription. Withdrawing it is a date, never a deletion."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="grants", verbose_name="conta")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name="plano")
    starts_at = models.DateTimeField("de")
    ends_at = models.DateTimeField("até", null=True, blank=True)  # NULL = until withdrawn
    reason = models.CharField("motivo", max_length=200)
    granted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="concedido por")
    withdrawn_at = models.DateTimeField("retirado em", null=True, blank=True)
    created_at = models.DateTimeField("criado em", default=timezone.now)

    class Meta:
        verbose_name = "concessão"
        verbose_name_plural = "concessões"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=models.F("starts_at")), name="grant_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan} até {self.ends_at or 'retirada'}"


class Revocation(models.Model):
    """An account shut by an operator: beats every payment and grant until it is withdrawn."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="revocations", verbose_name="conta")
    reason = models.CharField("motivo", max_length=200)
    revoked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="revogada por")
    revoked_at = models.DateTimeField("revogada em")
    withdrawn_at = models.DateTimeField("retirada em", null=True, blank=True)

    class Meta:
        verbose_name = "revogação"
        verbose_name_plural = "revogações"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(withdrawn_at__isnull=True), name="revocation_one_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.revoked_at:%Y-%m-%d}"


class BlockLift(models.Model):
    """An operator's decision that the chargebacks a subscription had until then no longer block it."""

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="block_lifts", verbose_name="assinatura"
    )
    reason = models.CharField("motivo", max_length=200)
    lifted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="liberada por")
    lifted_at = models.DateTimeField("liberada em")

    class Meta:
        verbose_name = "liberação de bloqueio"
        verbose_name_plural = "liberações de bloqueio"

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.lifted_at:%Y-%m-%d}"

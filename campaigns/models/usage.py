"""Statistics per campaign and local day."""

from __future__ import annotations

from django.db import models

from accounts.models import Account


class UsageDay(models.Model):
    """What one campaign did on one local day of the account: a statistic that limits nothing."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="usage_days")
    campaign_ref = models.BigIntegerField("campanha")  # id of the Campaign, which may be gone
    day = models.DateField("dia")
    sent = models.PositiveIntegerField("enviadas", default=0)
    failed = models.PositiveIntegerField("falhas", default=0)
    invalid = models.PositiveIntegerField("números inválidos", default=0)
    unconfirmed = models.PositiveIntegerField("incertas", default=0)
    skipped = models.PositiveIntegerField("ignoradas", default=0)

    class Meta:
        verbose_name = "consumo do dia"
        verbose_name_plural = "consumo por dia"
        constraints = [
            models.UniqueConstraint(fields=["account", "day", "campaign_ref"], name="usage_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.sent}"

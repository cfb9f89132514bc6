"""What is sold: plans in versions, and the periods they are paid for."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Tier(models.TextChoices):
    TESTE = "teste", "Teste"
    STARTER = "starter", "Starter"
    PRO = "pro", "Pro"
    SCALE = "scale", "Scale"
    INFINITE = "infinite", "Infinite"


class Period(models.TextChoices):
    MONTHLY = "monthly", "Mensal"
    ANNUAL = "annual", "Anual"


class Plan(models.Model):
    """One version of what we sell. Never edited once sold: an edit in Admin makes the next version."""

    slug = models.CharField("plano", max_length=10, choices=Tier.choices)
    version = models.PositiveSmallIntegerField("versão", default=1)
    is_current = models.BooleanField("em vigor", default=True)
    rank = models.PositiveSmallIntegerField("ordem")  # teste 0 < starter 1 < pro 2 < scale 3 < infinite 4
    numbers = models.PositiveSmallIntegerField("números de WhatsApp")
    daily_per_number = models.PositiveIntegerField("mensagens por dia e número")
    # The customer chooses from daily_min to daily_max where these differ (Infinite).
    daily_min = models.PositiveIntegerField("mínimo por dia")
    daily_max = models.PositiveIntegerField("máximo por dia")
    extraction_quota = models.PositiveIntegerField("leads por 30 dias")
    days = models.PositiveSmallIntegerField("validade em dias", null=True, blank=True)  # only plans granted for a time
    min_gap_s = models.PositiveIntegerField("intervalo mínimo (s)", default=0)
    created_at = models.DateTimeField("criado em", default=timezone.now)

    class Meta:
        verbose_name = "plano"
        verbose_name_plural = "planos"
        ordering = ["rank", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="plan_version_once"),
            models.UniqueConstraint(fields=["slug"], condition=Q(is_current=True), name="plan_one_current"),
            models.CheckConstraint(
                condition=Q(daily_min__lte=models.F("daily_per_number"))
                & Q(daily_per_number__lte=models.F("daily_max")),
                name="plan_daily_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_slug_display()} v{self.version}"

    @property
    def lets_choose_daily(self) -> bool:
        return self.daily_min < self.daily_max

    def daily_for(self, chosen: int | None) -> int:
        """Messages per day and number: the customer's choice, within the range, where the plan offers one."""
        if chosen is None or not self.lets_choose_daily:
            return self.daily_per_number
        return min(max(chosen, self.daily_min), self.daily_max)

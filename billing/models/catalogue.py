"""What Hotmart calls the things we sell."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from billing.models.plans import Period, Tier


class CatalogueProduct(models.Model):
    """A product on Hotmart that we recognise, by id or ucode, never by name."""

    hotmart_id = models.CharField("id na Hotmart", max_length=40, unique=True)
    ucode = models.CharField("ucode", max_length=60, blank=True)
    name = models.CharField("nome", max_length=200, blank=True)
    # Days of access after the paid period while a renewal is unpaid. At least one: renewals are charged minutes to hours
    # after the period's last instant (contracts: Hotmart §3.1).
    grace_days = models.PositiveSmallIntegerField("tolerância (dias)", default=5, validators=[MinValueValidator(1)])
    cancelled_grace_days = models.PositiveSmallIntegerField("tolerância depois de cancelada (dias)", default=0)

    class Meta:
        verbose_name = "produto da Hotmart"
        verbose_name_plural = "produtos da Hotmart"
        constraints = [models.CheckConstraint(condition=Q(grace_days__gte=1), name="catalogue_grace_one_day")]

    def __str__(self) -> str:
        return self.name or self.hotmart_id


class CatalogueEntry(models.Model):
    """What one plan (and its offers) of a Hotmart product grants here."""

    product = models.ForeignKey(CatalogueProduct, models.CASCADE, related_name="entries", verbose_name="produto")
    hotmart_plan_id = models.CharField("plano na Hotmart", max_length=40, blank=True)
    name = models.CharField("nome", max_length=200, blank=True)
    tier = models.CharField("concede", max_length=10, choices=Tier.choices)
    period = models.CharField("período", max_length=10, choices=Period.choices)

    class Meta:
        verbose_name = "mapeamento de plano"
        verbose_name_plural = "mapeamentos de planos"
        constraints = [
            models.UniqueConstraint(
                fields=["product", "hotmart_plan_id"], condition=~Q(hotmart_plan_id=""), name="catalogue_plan_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or self.hotmart_plan_id} → {self.tier} {self.period}"


class CatalogueOffer(models.Model):
    """An offer code on Hotmart: the second key to a catalogue entry, after the plan id."""

    entry = models.ForeignKey(CatalogueEntry, models.CASCADE, related_name="offers", verbose_name="mapeamento")
    product = models.ForeignKey(CatalogueProduct, models.CASCADE, related_name="offers", verbose_name="produto")
    code = models.CharField("oferta", max_length=60)

    class Meta:
        verbose_name = "oferta"
        verbose_name_plural = "ofertas"
        constraints = [models.UniqueConstraint(fields=["product", "code"], name="catalogue_offer_once")]

    def __str__(self) -> str:
        return self.code

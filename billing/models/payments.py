"""What was paid: subscriptions, transactions and the statuses seen of them. Facts, only ever added."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Account
from billing.models.catalogue import CatalogueProduct
from billing.models.events import PaymentEvent
from billing.models.plans import Period, Plan


class Subscription(models.Model):
    """One subscriber code of Hotmart, or `txn:<transaction>` for a one-time sale. Its payments decide its state."""

    code = models.CharField("código do assinante", max_length=60, unique=True)
    product = models.ForeignKey(CatalogueProduct, models.PROTECT, related_name="+", verbose_name="produto")
    account = models.ForeignKey(
        Account, models.CASCADE, null=True, blank=True, related_name="subscriptions", verbose_name="conta"
    )
    created_at = models.DateTimeField("criada em", default=timezone.now)

    class Meta:
        verbose_name = "assinatura"
        verbose_name_plural = "assinaturas"

    def __str__(self) -> str:
        return self.code


class BuyerAddress(models.Model):
    """An e-mail address that bought a subscription: an alias of its account, which the owner need not log in with."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="addresses", verbose_name="assinatura")
    email = models.CharField("e-mail", max_length=254)  # lower case
    created_at = models.DateTimeField("visto em", default=timezone.now)

    class Meta:
        verbose_name = "e-mail de comprador"
        verbose_name_plural = "e-mails de comprador"
        constraints = [models.UniqueConstraint(fields=["subscription", "email"], name="buyer_address_once")]
        indexes = [models.Index(fields=["email"], name="buyer_address_email")]  # billing.selectors.find_account

    def __str__(self) -> str:
        return self.email


class Payment(models.Model):
    """One transaction. What is true of it is the set of its `PaymentStatus` rows, whatever order they came in.

    Dates and price here are derived from those rows (billing.domain.payments) for screens; the projection reads the rows.
    """

    transaction = models.CharField("transação", max_length=60, unique=True)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="payments", verbose_name="assinatura")
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="plano")
    period = models.CharField("período", max_length=10, choices=Period.choices, blank=True)
    approved_at = models.DateTimeField("aprovado em", null=True, blank=True)
    ends_at = models.DateTimeField("vale até", null=True, blank=True)
    price_cents = models.BigIntegerField("valor (centavos)", default=0)
    currency = models.CharField("moeda", max_length=3, blank=True)
    recurrence = models.PositiveIntegerField("recorrência", null=True, blank=True)
    created_at = models.DateTimeField("criado em", default=timezone.now)

    class Meta:
        verbose_name = "pagamento"
        verbose_name_plural = "pagamentos"

    def __str__(self) -> str:
        return self.transaction


class PaymentStatus(models.Model):
    """That a status of a payment was seen, with what that event said of the payment (the latest one of equal status)."""

    payment = models.ForeignKey(Payment, models.CASCADE, related_name="statuses", verbose_name="pagamento")
    status = models.CharField("situação", max_length=20)  # webhook words: APPROVED, COMPLETED, REFUNDED …
    produced_at = models.DateTimeField("produzido em")
    approved_at = models.DateTimeField("aprovado em", null=True, blank=True)
    # Sets an end only on APPROVED and COMPLETED: other events carry the following cycle (contracts: Hotmart §3.1).
    next_charge_at = models.DateTimeField("próxima cobrança", null=True, blank=True)
    price_cents = models.BigIntegerField("valor (centavos)", null=True, blank=True)
    event = models.ForeignKey(PaymentEvent, models.SET_NULL, null=True, related_name="+", verbose_name="evento")

    class Meta:
        verbose_name = "situação do pagamento"
        verbose_name_plural = "situações do pagamento"
        constraints = [models.UniqueConstraint(fields=["payment", "status"], name="payment_status_once")]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.status}"

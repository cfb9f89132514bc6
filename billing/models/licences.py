"""What an account may do now: projections of the facts. The sending engine counts its use on the allowance."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Account
from billing.models.plans import Period, Plan


class LicenceState(models.TextChoices):
    NONE = "none", "Sem licença"
    PENDING = "pending", "Aguardando pagamento"
    TRIALING = "trialing", "Em teste"
    ACTIVE = "active", "Ativa"
    CANCELING = "canceling", "Cancelada, ainda vale"
    DISPUTED = "disputed", "Em disputa"
    PAST_DUE = "past_due", "Pagamento atrasado"
    EXPIRED = "expired", "Vencida"
    REFUNDED = "refunded", "Reembolsada"
    BLOCKED = "blocked", "Bloqueada"


ACCESS_STATES = frozenset(
    {
        LicenceState.TRIALING,
        LicenceState.ACTIVE,
        LicenceState.CANCELING,
        LicenceState.DISPUTED,
        LicenceState.PAST_DUE,
    }
)


class Licence(models.Model):
    """The account's right to a plan now: a projection of facts, one row per account, never edited by hand."""

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="licence", verbose_name="conta"
    )
    state = models.CharField("situação", max_length=10, choices=LicenceState.choices, default=LicenceState.NONE)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="plano")
    period = models.CharField("período", max_length=10, choices=Period.choices, blank=True)
    access_until = models.DateTimeField("acesso até", null=True, blank=True)  # before grace; NULL = no end
    grace_until = models.DateTimeField("tolerância até", null=True, blank=True)
    first_access_at = models.DateTimeField(
        "primeiro acesso", null=True, blank=True
    )  # set once; quota cycles count from it
    needs_review = models.BooleanField("revisar", default=False)  # one of its subscriptions is blocked by a chargeback
    # The customer's choice of messages per day and number, where the plan offers one.
    chosen_daily = models.PositiveIntegerField("por dia e número (escolha)", null=True, blank=True)
    recompute_at = models.DateTimeField(
        "recalcular em", null=True, blank=True
    )  # next time that only passing time changes
    computed_at = models.DateTimeField("calculada em", default=timezone.now)

    class Meta:
        verbose_name = "licença"
        verbose_name_plural = "licenças"
        indexes = [  # billing.services.licence.run_clock: licences that time alone changes
            models.Index(fields=["recompute_at"], name="licence_clock"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.get_state_display()}"

    @property
    def has_access(self) -> bool:
        """Whether the state gives access, as of `computed_at`; ask `billing.selectors.entitlement_for` about now."""
        return self.state in ACCESS_STATES


class SendAllowance(models.Model):
    """What an account may send now; one permanent row per account, and THE LOCK of the account (engine: rows).

    Whoever changes what a claim reads (licence, plan, halt, pause, cancel, opt-out, limits) locks this row first.
    """

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="send_allowance", verbose_name="conta"
    )
    send_until = models.DateTimeField("pode enviar até", null=True, blank=True)  # NULL = may not send
    numbers = models.PositiveSmallIntegerField("números", default=0)
    daily_limit = models.PositiveIntegerField("limite diário da conta", default=0)  # numbers x daily per number
    daily_per_number = models.PositiveIntegerField("limite diário por número", default=0)
    min_gap_s = models.FloatField("intervalo mínimo (s)", default=0)
    halted_reason = models.CharField("parada por", max_length=60, blank=True)
    used_on = models.DateField(
        "dia do consumo", null=True, blank=True
    )  # local day of the account; never goes backwards
    used_count = models.PositiveIntegerField("enviadas no dia", default=0)

    class Meta:
        verbose_name = "direito de envio"
        verbose_name_plural = "direitos de envio"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.used_count}/{self.daily_limit}"

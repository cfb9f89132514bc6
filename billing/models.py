"""What is sold, what was paid, and what an account may therefore send.

Payments, grants and cancellations are facts, only ever added; `Licence` and `SendAllowance` are their projection,
recomputed after every event and by a clock job, so that arrival order does not matter (contracts: Hotmart §7).
"""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, User


class Tier(models.TextChoices):
    TESTE = "teste", "Teste"
    STARTER = "starter", "Starter"
    PRO = "pro", "Pro"
    SCALE = "scale", "Scale"
    INFINITE = "infinite", "Infinite"


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


class Period(models.TextChoices):
    MONTHLY = "monthly", "Mensal"
    ANNUAL = "annual", "Anual"


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

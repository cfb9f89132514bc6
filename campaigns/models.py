"""The rows of the sending engine (docs/sending.md). The database holds every "never" as a named constraint.

Message: queued -> sending -> sent | failed | unconfirmed; queued -> skipped | cancelled; sending -> queued only when it is
proved that nothing was sent. Lock order everywhere: allowance, lane, campaign, message, each by id.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.fields import EncryptedTextField
from accounts.models import Account, User
from campaigns.domain.states import CampaignStatus, MessageStatus, ReceiptStatus
from extraction.models import Lead, LeadList


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


def default_window() -> list[list[list[int]]]:
    """Monday to Friday 08:00-20:00, as minutes of the local day."""
    return [[[480, 1200]]] * 5 + [[], []]


class Campaign(models.Model):
    """A planned send: lists + variations + numbers + window. Waiting for plan, window or connection is computed, never stored."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="campaigns", verbose_name="conta")
    name = models.CharField("nome", max_length=120)
    status = models.CharField(
        "situação",
        max_length=10,
        choices=[
            (CampaignStatus.DRAFT, "Rascunho"),
            (CampaignStatus.SCHEDULED, "Agendada"),
            (CampaignStatus.RUNNING, "Em andamento"),
            (CampaignStatus.PAUSED, "Pausada"),
            (CampaignStatus.FINISHED, "Concluída"),
            (CampaignStatus.CANCELLED, "Cancelada"),
        ],
        default=CampaignStatus.DRAFT,
    )
    pause_reason = models.CharField("pausada por", max_length=40, blank=True)
    starts_at = models.DateTimeField("início agendado", null=True, blank=True)
    started_at = models.DateTimeField("iniciada em", null=True, blank=True)
    finished_at = models.DateTimeField("concluída em", null=True, blank=True)
    # [weekday, Monday first][interval] = [from, to) in minutes of the local day
    window = models.JSONField("horário de envio", default=default_window)
    skip_holidays = models.BooleanField("não enviar em feriados nacionais", default=False)
    name_fallback = models.CharField("quando não há nome", max_length=60, blank=True)
    daily_cap = models.PositiveIntegerField("limite diário da campanha", null=True, blank=True)
    used_on = models.DateField(null=True, blank=True, editable=False)
    used_count = models.PositiveIntegerField(default=0, editable=False)
    lists: models.ManyToManyField[LeadList, CampaignList] = models.ManyToManyField(
        LeadList, through="CampaignList", related_name="+", verbose_name="listas"
    )
    lanes: models.ManyToManyField[SendLane, CampaignLane] = models.ManyToManyField(
        SendLane, through="CampaignLane", related_name="campaigns", verbose_name="números"
    )
    # Materialising: the audience is read list by list in lead order; nothing is claimable before audience_ready_at.
    audience_list = models.PositiveIntegerField(default=0, editable=False)  # index of the list being read
    # id of the last lead read in it; where failures are repeated, of the last message
    audience_lead = models.BigIntegerField(default=0, editable=False)
    audience_ready_at = models.DateTimeField("público completo em", null=True, blank=True)
    audience_count = models.PositiveIntegerField("vão receber", default=0)
    excluded_count = models.PositiveIntegerField("fora do envio", default=0)
    queued_count = models.PositiveIntegerField("na fila", default=0)
    sending_count = models.PositiveIntegerField("enviando", default=0)
    sent_count = models.PositiveIntegerField("enviadas", default=0)
    failed_count = models.PositiveIntegerField("falhas", default=0)
    invalid_count = models.PositiveIntegerField("números inválidos", default=0)
    unconfirmed_count = models.PositiveIntegerField("incertas", default=0)
    skipped_count = models.PositiveIntegerField("ignoradas", default=0)
    cancelled_count = models.PositiveIntegerField("canceladas", default=0)
    delivered_count = models.PositiveIntegerField("entregues", default=0)
    read_count = models.PositiveIntegerField("lidas", default=0)
    replied_count = models.PositiveIntegerField("responderam", default=0)
    closed_deals = models.PositiveIntegerField("negócios fechados", default=0)
    last_sent_at = models.DateTimeField("último envio", null=True, blank=True)
    # watchdog: when an operator was last told that nothing moves; why is computed each time, never stored
    alarmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The finished campaign whose failures this one repeats; its audience comes from there, not from lists.
    retry_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="retries", verbose_name="novo envio de"
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="criada por")
    created_at = models.DateTimeField("criada em", default=timezone.now)

    class Meta:
        verbose_name = "campanha"
        verbose_name_plural = "campanhas"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="campaign_of_account"),
            models.CheckConstraint(condition=Q(status__in=list(CampaignStatus)), name="campaign_status_known"),
            models.CheckConstraint(
                condition=~Q(status="scheduled") | Q(starts_at__isnull=False), name="campaign_scheduled_has_time"
            ),
            # No message ever leaves the sum: the counters are exactly the audience.
            models.CheckConstraint(
                condition=Q(
                    audience_count=F("queued_count")
                    + F("sending_count")
                    + F("sent_count")
                    + F("failed_count")
                    + F("invalid_count")
                    + F("unconfirmed_count")
                    + F("skipped_count")
                    + F("cancelled_count")
                ),
                name="campaign_counters_add_up",
            ),
            models.CheckConstraint(
                condition=~Q(status="finished") | Q(queued_count=0, sending_count=0), name="campaign_finished_is_done"
            ),
        ]
        indexes = [
            # selectors.list_campaigns: an account's campaigns, newest first
            models.Index(fields=["account", "-created_at"], name="campaign_newest"),
            # lifecycle.start_due
            models.Index(fields=["starts_at"], condition=Q(status="scheduled"), name="campaign_due"),
            # audience, finish and claim look at the running ones
            models.Index(fields=["account"], condition=Q(status="running"), name="campaign_running"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status in (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED)


class Variation(models.Model):
    """One alternative text of a campaign; messages take them in turn."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="variations", verbose_name="campanha")
    position = models.PositiveSmallIntegerField("ordem")
    body = models.TextField("texto", max_length=4000)

    class Meta:
        verbose_name = "variação"
        verbose_name_plural = "variações"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "position"], name="variation_position_once")]

    def __str__(self) -> str:
        return f"Variação {self.position + 1}"


class CampaignList(models.Model):
    """A list chosen for a campaign, read in `position` order."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="campaign_lists")
    list = models.ForeignKey(LeadList, models.CASCADE, related_name="+", verbose_name="lista")
    position = models.PositiveSmallIntegerField("ordem")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "list"], name="campaign_list_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.list_id}"


class CampaignLane(models.Model):
    """That a campaign sends on a lane, and when it was last served there: whose turn it is."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="campaign_lanes")
    lane = models.ForeignKey(SendLane, models.CASCADE, related_name="campaign_lanes", verbose_name="número")
    served_at = models.DateTimeField("servida em", null=True, blank=True)
    dealt_count = models.PositiveIntegerField("mensagens dadas", default=0)  # to this number, sent or not

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "lane"], name="campaign_lane_once")]
        indexes = [  # claim: the campaigns of a lane, least recently served first
            models.Index(fields=["lane", "served_at"], name="campaign_lane_turn"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} @ {self.lane_id}"


class CampaignMessageQuerySet(models.QuerySet["CampaignMessage"]):
    def queued(self) -> CampaignMessageQuerySet:
        """Messages that still wait for their lane, in the order they will leave."""
        return self.filter(status=MessageStatus.QUEUED).order_by("position", "id")


class CampaignMessage(models.Model):
    """One lead in one campaign: the unit sent, counted and billed. Text and number are fixed when the audience is made;
    the number changes only where failover moves it.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", verbose_name="conta")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="messages", verbose_name="campanha")
    # A deleted list leaves the campaign its own snapshot: name, phone and text stay.
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="+", verbose_name="lead")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+", verbose_name="conexão")
    variation = models.ForeignKey(Variation, models.SET_NULL, null=True, related_name="+", verbose_name="variação")
    position = models.BigIntegerField("ordem")
    name = models.CharField("nome", max_length=300, blank=True)
    phone = models.CharField("telefone", max_length=20)
    body = models.TextField("texto")
    status = models.CharField(
        "situação",
        max_length=12,
        choices=[
            (MessageStatus.QUEUED, "Na fila"),
            (MessageStatus.SENDING, "Enviando"),
            (MessageStatus.SENT, "Enviada"),
            (MessageStatus.FAILED, "Falhou"),
            (MessageStatus.UNCONFIRMED, "Incerta"),
            (MessageStatus.SKIPPED, "Ignorada"),
            (MessageStatus.CANCELLED, "Cancelada"),
        ],
        default=MessageStatus.QUEUED,
    )
    reason = models.CharField("motivo", max_length=40, blank=True)
    receipt = models.CharField(
        "recibo",
        max_length=10,
        choices=[
            (ReceiptStatus.NONE, "—"),
            (ReceiptStatus.SERVER, "No servidor"),
            (ReceiptStatus.DELIVERED, "Entregue"),
            (ReceiptStatus.READ, "Lida"),
            (ReceiptStatus.FAILED, "Não entregue"),
        ],
        default=ReceiptStatus.NONE,
    )
    claim_token = models.CharField(max_length=32, null=True, blank=True, editable=False)  # noqa: DJ001 - NULL = settled
    claimed_at = models.DateTimeField("reservada em", null=True, blank=True)
    lease_lost_at = models.DateTimeField("sem resposta desde", null=True, blank=True)
    answered_at = models.DateTimeField("respondida em", null=True, blank=True)
    sent_at = models.DateTimeField("enviada em", null=True, blank=True)
    wa_id = models.CharField("id no WhatsApp", max_length=20, blank=True)
    gateway_message_id = models.CharField("id no provedor", max_length=80, blank=True)
    tries = models.PositiveSmallIntegerField("tentativas", default=0)
    created_at = models.DateTimeField("criada em", default=timezone.now)

    objects = models.Manager.from_queryset(CampaignMessageQuerySet)()

    class Meta:
        verbose_name = "mensagem"
        verbose_name_plural = "mensagens"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="campaign_message_of_account"),
            models.UniqueConstraint(fields=["campaign", "phone"], name="message_once_per_phone"),
            models.UniqueConstraint(
                fields=["connection"], condition=Q(status="sending"), name="connection_one_in_flight"
            ),
            models.CheckConstraint(condition=Q(status__in=list(MessageStatus)), name="message_status_known"),
            models.CheckConstraint(condition=Q(receipt__in=list(ReceiptStatus)), name="message_receipt_known"),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False), name="message_sent_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(claim_token__isnull=False, claimed_at__isnull=False),
                name="message_sending_is_claimed",
            ),
        ]
        indexes = [
            # claim: the next messages of a campaign on a connection
            models.Index(
                fields=["campaign", "connection", "position"], condition=Q(status="queued"), name="message_head"
            ),
            # claim: phones with a message in flight in the account
            models.Index(fields=["account", "phone"], condition=Q(status="sending"), name="message_sending_phone"),
            # record and rescue: the row a claim token stands for
            models.Index(fields=["claim_token"], condition=Q(claim_token__isnull=False), name="message_claim"),
            # campaign page: one state's messages
            models.Index(fields=["campaign", "status", "id"], name="message_by_status"),
            # receipts: the message that carries a gateway id
            models.Index(
                fields=["connection", "gateway_message_id"],
                condition=~Q(gateway_message_id=""),
                name="message_gateway_id",
            ),
            # matching of an echo or ack without a known id
            models.Index(fields=["connection", "phone"], condition=Q(status="unconfirmed"), name="message_unconfirmed"),
        ]

    def __str__(self) -> str:
        return f"mensagem {self.pk}"


class CampaignExclusion(models.Model):
    """A selected lead that became no message, with its reason: part of the waterfall, not of the audience."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="exclusions", verbose_name="campanha")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", verbose_name="lead")
    reason = models.CharField("motivo", max_length=40)

    class Meta:
        verbose_name = "fora do envio"
        verbose_name_plural = "fora do envio"
        constraints = [models.UniqueConstraint(fields=["campaign", "lead"], name="exclusion_once")]
        indexes = [  # campaign page: one reason's leads
            models.Index(fields=["campaign", "reason", "id"], name="exclusion_by_reason"),
        ]

    def __str__(self) -> str:
        return self.reason


class Outcome(models.TextChoices):
    ACCEPTED = "accepted", "Aceita"
    REFUSED_NUMBER = "refused_number", "Número recusado"
    REFUSED_MESSAGE = "refused_message", "Mensagem recusada"
    REFUSED_LANE = "refused_lane", "Número de envio indisponível"
    NOT_SENT = "not_sent", "Não saiu"
    UNKNOWN = "unknown", "Incerta"


class Attempt(models.Model):
    """One send call for one message, append-only. A lease rescue writes one too (unknown, unanswered)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    message = models.ForeignKey(CampaignMessage, models.CASCADE, related_name="attempts", verbose_name="mensagem")
    claim_token = models.CharField(max_length=32, unique=True, editable=False)
    started_at = models.DateTimeField("início")
    answered_at = models.DateTimeField("resposta", null=True, blank=True)
    outcome = models.CharField("resultado", max_length=16, choices=Outcome.choices)
    code = models.CharField("código", max_length=40, blank=True)  # our code for what the gateway said
    http_status = models.PositiveSmallIntegerField("HTTP", null=True, blank=True)
    answer = models.CharField("resposta do provedor", max_length=500, blank=True)  # redacted
    elapsed_ms = models.PositiveIntegerField("ms", null=True, blank=True)

    class Meta:
        verbose_name = "tentativa"
        verbose_name_plural = "tentativas"

    def __str__(self) -> str:
        return f"{self.outcome} {self.code}"


class ContactMemory(models.Model):
    """When a phone was, or may have been, last messaged by an account, and from which number.

    Survives the deletion of lists and campaigns; feeds the frequency cap and the choice of number.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    phone = models.CharField("telefone", max_length=20)
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, related_name="+", verbose_name="conexão")
    message_ref = models.BigIntegerField("mensagem")  # id of the CampaignMessage, which may be gone
    last_sent_at = models.DateTimeField("último contato")

    class Meta:
        verbose_name = "memória de contato"
        verbose_name_plural = "memórias de contato"
        constraints = [models.UniqueConstraint(fields=["account", "phone"], name="contact_memory_once")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.last_sent_at:%Y-%m-%d}"


class Suppression(models.Model):
    """ "Do not message this phone", for the whole account; checked at send time, never undone by an import."""

    class Reason(models.TextChoices):
        OPT_OUT = "opt_out", "Pediu para sair"
        INVALID = "invalid", "Número inválido"
        COMPLAINT = "complaint", "Reclamou"
        MANUAL = "manual", "Bloqueado por você"
        ERASED = "erased", "Excluído a pedido (LGPD)"

    account = models.ForeignKey(Account, models.CASCADE, related_name="suppressions", verbose_name="conta")
    phone = models.CharField("telefone", max_length=20)
    reason = models.CharField("motivo", max_length=10, choices=Reason.choices)
    source = models.CharField("origem", max_length=60, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="por")
    created_at = models.DateTimeField("em", default=timezone.now)

    class Meta:
        verbose_name = "não enviar"
        verbose_name_plural = "não enviar"
        constraints = [models.UniqueConstraint(fields=["account", "phone"], name="suppression_once")]

    def __str__(self) -> str:
        return self.get_reason_display()


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


class Decision(models.Model):
    """What a person decided about an unconfirmed message: append-only."""

    class Kind(models.TextChoices):
        COUNT_AS_SENT = "count_as_sent", "Contar como enviada"
        SEND_AGAIN = "send_again", "Enviar de novo"

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    message = models.ForeignKey(CampaignMessage, models.CASCADE, related_name="decisions", verbose_name="mensagem")
    kind = models.CharField("decisão", max_length=14, choices=Kind.choices)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="por")
    decided_at = models.DateTimeField("em")

    class Meta:
        verbose_name = "decisão"
        verbose_name_plural = "decisões"

    def __str__(self) -> str:
        return self.get_kind_display()


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


class Installation(models.Model):
    """The one row that says which database this is and how far its sending got (campaigns/services/restore_guard.py)."""

    random_id = models.CharField("identidade", max_length=32, editable=False)  # names the witness outside the database
    # Parts of the place it may send from; empty until its first claim.
    fingerprint = models.JSONField("impressão digital", default=dict, blank=True)
    ledger_mark = models.BigIntegerField("envios registrados", default=0)  # raised after each claim's commit
    confirmed_at = models.DateTimeField("confirmada em", null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="por")
    confirmed_behind = models.BigIntegerField("envios que faltavam", null=True, blank=True)

    class Meta:
        verbose_name = "guarda de restauração"
        verbose_name_plural = "guarda de restauração"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="installation_is_one")]

    def __str__(self) -> str:
        return "Banco de dados desta instalação"

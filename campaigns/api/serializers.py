"""Shape of what the API takes and gives. Rules are the services'; secrets of a connection are taken and never given."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from campaigns import texts
from campaigns.models import CampaignMessage, Suppression
from campaigns.selectors import campaigns, connections
from campaigns.selectors.figures import Figures
from campaigns.services.connections import Pace
from campaigns.services.lifecycle import MAX_VARIATIONS, TEXT_LIMIT
from leads_infinitos.kernel import phone


class StateOut(serializers.Serializer[Any]):
    """What a campaign is doing, and the sentence a person reads about it."""

    code = serializers.CharField()
    reason = serializers.CharField()
    detail = serializers.SerializerMethodField()
    until = serializers.DateTimeField(allow_null=True)
    next_send_at = serializers.DateTimeField(allow_null=True)

    def get_detail(self, state: Any) -> str:
        return texts.reason(state.reason, state.compared)


class StatsOut(serializers.Serializer[Any]):
    """Counters of a campaign. total_leads = sent + failed + invalid + skipped + unconfirmed + cancelled + pending."""

    campaign_id = serializers.IntegerField(source="campaign.pk")
    status = serializers.CharField(source="campaign.status")
    state = StateOut()
    total_leads = serializers.IntegerField(source="figures.total")
    sent = serializers.IntegerField(source="figures.buckets.sent")
    pending = serializers.IntegerField(source="figures.pending")
    failed = serializers.IntegerField(source="figures.buckets.failed")
    invalid = serializers.IntegerField(source="figures.buckets.invalid")
    skipped = serializers.IntegerField(source="figures.buckets.skipped")
    unconfirmed = serializers.IntegerField(source="figures.buckets.unconfirmed")
    cancelled = serializers.IntegerField(source="figures.buckets.cancelled")
    excluded = serializers.IntegerField(source="campaign.excluded_count")
    delivered = serializers.IntegerField(source="figures.delivered")
    read = serializers.IntegerField(source="figures.read")
    replied = serializers.IntegerField(source="figures.replied")
    closed_deals = serializers.IntegerField(source="figures.closed_deals")
    success_rate = serializers.FloatField(source="figures.success_rate", allow_null=True)
    conversion_rate = serializers.FloatField(source="figures.conversion_rate", allow_null=True)
    starts_at = serializers.DateTimeField(source="campaign.starts_at", allow_null=True)
    started_at = serializers.DateTimeField(source="campaign.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="campaign.finished_at", allow_null=True)
    last_sent_at = serializers.DateTimeField(source="campaign.last_sent_at", allow_null=True)


WINDOW_HELP = "Sete dias, segunda-feira primeiro; cada um com intervalos [de, até) em minutos do dia local."


def _window(**options: Any) -> serializers.ListField:
    interval = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    return serializers.ListField(
        child=serializers.ListField(child=interval), min_length=7, max_length=7, help_text=WINDOW_HELP, **options
    )


class CampaignOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="campaign.pk")
    name = serializers.CharField(source="campaign.name")
    status = serializers.CharField(source="campaign.status")
    state = StateOut()
    lists = serializers.SerializerMethodField()
    connections = serializers.SerializerMethodField()
    texts = serializers.SerializerMethodField()
    name_fallback = serializers.CharField(source="campaign.name_fallback")
    window = _window(source="campaign.window")
    skip_holidays = serializers.BooleanField(source="campaign.skip_holidays")
    daily_cap = serializers.IntegerField(source="campaign.daily_cap", allow_null=True)
    stats = StatsOut(source="*")
    retry_of = serializers.IntegerField(source="campaign.retry_of_id", allow_null=True)
    created_at = serializers.DateTimeField(source="campaign.created_at")

    def get_lists(self, row: campaigns.CampaignRow) -> list[int]:
        return [chosen.list_id for chosen in row.campaign.campaign_lists.all()]

    def get_connections(self, row: campaigns.CampaignRow) -> list[int]:
        return sorted(chosen.lane.connection_id for chosen in row.campaign.campaign_lanes.all())

    def get_texts(self, row: campaigns.CampaignRow) -> list[str]:
        return [variation.body for variation in row.campaign.variations.all()]


class CampaignIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    lists = serializers.ListField(child=serializers.IntegerField(), required=False)
    connections = serializers.ListField(child=serializers.IntegerField(), required=False)
    texts = serializers.ListField(
        child=serializers.CharField(max_length=TEXT_LIMIT, trim_whitespace=False),
        required=False,
        max_length=MAX_VARIATIONS,
    )
    name_fallback = serializers.CharField(required=False, allow_blank=True, max_length=60)
    window = _window(required=False)
    skip_holidays = serializers.BooleanField(required=False, help_text="Não enviar em feriados nacionais.")
    daily_cap = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    starts_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Nulo tira o horário: uma campanha agendada volta a ser rascunho."
    )


class StartIn(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Com horário, agenda; sem, inicia agora."
    )


class FailuresOut(serializers.Serializer[Any]):
    retryable = serializers.IntegerField(help_text="Podem ser tentadas de novo.")
    final = serializers.IntegerField(help_text="Falharam de vez, como números sem WhatsApp.")
    other = serializers.IntegerField(help_text="Já estão em outro envio, ou a pessoa já recebeu depois.")


class DealIn(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=["increment", "decrement"])


class DealOut(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    closed_deals = serializers.IntegerField()
    conversion_rate = serializers.FloatField(allow_null=True)


class MessageOut(serializers.ModelSerializer[CampaignMessage]):
    connection_name = serializers.CharField(source="connection.name")
    variation = serializers.SerializerMethodField(help_text="A partir de 1; nulo quando a variação não existe mais.")
    reason_detail = serializers.SerializerMethodField()

    class Meta:
        model = CampaignMessage
        fields = [
            "id",
            "position",
            "name",
            "phone",
            "connection",
            "connection_name",
            "variation",
            "body",
            "status",
            "receipt",
            "reason",
            "reason_detail",
            "tries",
            "claimed_at",
            "sent_at",
        ]

    def get_variation(self, message: CampaignMessage) -> int | None:
        return message.variation.position + 1 if message.variation else None

    def get_reason_detail(self, message: CampaignMessage) -> str:
        return texts.reason(message.reason)


class PaceIn(serializers.Serializer[Any]):
    gap_min_s = serializers.FloatField(required=False, min_value=0, help_text="Segundos entre mensagens, mínimo.")
    gap_max_s = serializers.FloatField(required=False, min_value=0, help_text="Segundos entre mensagens, máximo.")
    daily_cap = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="Mensagens por dia deste número; nulo: o do plano."
    )

    def pace(self, now_is: Pace) -> Pace:
        """What was sent over what is in force. A lone minimum above the maximum raises the maximum with it."""
        data = self.validated_data
        low = data.get("gap_min_s", now_is.gap_min_s)
        high = data.get("gap_max_s", max(now_is.gap_max_s, low))
        return Pace(gap_min_s=low, gap_max_s=high, daily_cap=data.get("daily_cap", now_is.daily_cap))


class ConnectionIn(PaceIn):
    name = serializers.CharField(max_length=80)
    host = serializers.CharField(max_length=200, help_text="Como aparece no painel da Mega API.")
    instance_key = serializers.CharField(max_length=200, write_only=True)
    token = serializers.CharField(max_length=500, write_only=True)


class ConnectionOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="connection.pk")
    name = serializers.CharField(source="connection.name")
    gateway = serializers.CharField(source="connection.gateway")
    host = serializers.CharField(source="connection.base_url")
    phone = serializers.CharField(source="connection.phone", allow_null=True)
    state = serializers.CharField(source="connection.state")
    state_since = serializers.DateTimeField(source="connection.state_since")
    checked_at = serializers.DateTimeField(source="connection.checked_at", allow_null=True)
    problem = serializers.CharField(source="connection.last_error")
    problem_detail = serializers.SerializerMethodField()
    gap_min_s = serializers.FloatField(source="state.lane.gap_min_s")
    gap_max_s = serializers.FloatField(source="state.lane.gap_max_s")
    daily_cap = serializers.IntegerField(source="state.lane.daily_cap", allow_null=True)
    used_today = serializers.IntegerField(source="state.used")
    limit_today = serializers.IntegerField(source="state.limit")
    next_send_at = serializers.DateTimeField(source="state.next_send_at", allow_null=True)
    waits_for = serializers.CharField(source="state.verdict.reason")
    waits_detail = serializers.SerializerMethodField()
    open_campaigns = serializers.IntegerField()
    created_at = serializers.DateTimeField(source="connection.created_at")

    def get_problem_detail(self, card: connections.ConnectionCard) -> str:
        return texts.reason(card.connection.last_error)

    def get_waits_detail(self, card: connections.ConnectionCard) -> str:
        return texts.reason(card.state.verdict.reason, card.state.verdict.compared)


class QrOut(serializers.Serializer[Any]):
    image = serializers.CharField(allow_null=True, help_text="PNG como endereço data:, ou nulo.")
    code = serializers.CharField(help_text="Vazio, ou not_ready, already_connected, unavailable.")


class OverviewOut(serializers.Serializer[Any]):
    period = serializers.CharField(source="period.code")
    first_day = serializers.DateField(source="period.first", allow_null=True)
    last_day = serializers.DateField(source="period.last", allow_null=True)
    leads_extracted = serializers.IntegerField(source="figures.leads_extracted")
    messages_sent = serializers.IntegerField(source="figures.messages_sent")
    success_rate = serializers.FloatField(source="figures.success_rate", allow_null=True)
    active_campaigns = serializers.IntegerField(source="figures.active_campaigns")
    total_campaigns = serializers.IntegerField(source="figures.total_campaigns")
    total_closed_deals = serializers.IntegerField(source="figures.closed_deals")
    overall_conversion_rate = serializers.FloatField(source="figures.conversion_rate", allow_null=True)


class SuppressionIn(serializers.Serializer[Any]):
    phone = serializers.CharField(max_length=40)
    reason = serializers.ChoiceField(
        choices=[Suppression.Reason.MANUAL, Suppression.Reason.OPT_OUT, Suppression.Reason.COMPLAINT],
        default=Suppression.Reason.MANUAL,
    )

    def validate_phone(self, value: str) -> str:
        number = phone.parse(value)
        if number.e164 is None:
            raise serializers.ValidationError("Não é um telefone com DDD. Exemplo: (11) 98765-4321.")
        return number.e164


class SuppressionOut(serializers.ModelSerializer[Suppression]):
    class Meta:
        model = Suppression
        fields = ["id", "phone", "reason", "source", "created_at"]


def stats_row(figures: Figures) -> dict[str, Any]:
    """The answer to a counted deal."""
    return {"success": True, "closed_deals": figures.closed_deals, "conversion_rate": figures.conversion_rate}

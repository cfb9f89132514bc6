"""The one notice above every page of a member, most severe first: licence, restored database, halt, number down, daily limit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import Account
from billing.models import Licence, LicenceState, SendAllowance
from campaigns.domain.states import CampaignStatus
from campaigns.models import Connection, ConnectionState
from campaigns.services import restore_guard
from leads_infinitos.kernel.clock import local_day
from leads_infinitos.portal import formatting

NEARLY_USED = 85  # percent of the day's messages


@dataclass(frozen=True)
class Banner:
    tone: str  # bad or warn
    icon: str
    title: str
    text: str
    action_url: str = ""
    action_label: str = ""


_LAPSED_TITLES = {
    LicenceState.NONE: "Sua conta ainda não tem um plano",
    LicenceState.PENDING: "Estamos aguardando o pagamento",
    LicenceState.EXPIRED: "Seu plano venceu",
    LicenceState.REFUNDED: "Sua compra foi reembolsada",
    LicenceState.BLOCKED: "Seu plano está bloqueado",
}
_WHAT_STAYS = "Nenhuma mensagem sai até regularizar. Ver e exportar seus leads continua funcionando."


def current(account: Account, *, now: dt.datetime) -> Banner | None:
    """The notice to show to members of the account, or None when all is well. `now` decides what still has time.

    Four queries at most.
    """
    licence = Licence.objects.filter(account=account).first()
    banner = _licence_banner(licence, account=account, now=now)
    if banner and banner.tone == "bad":
        return banner
    allowance = SendAllowance.objects.filter(account=account).first()
    held = _held_back() or _halted(allowance)
    return held or _disconnected(account) or banner or _nearly_used(allowance, account=account, now=now)


def _licence_banner(licence: Licence | None, *, account: Account, now: dt.datetime) -> Banner | None:
    state = LicenceState(licence.state) if licence else LicenceState.NONE
    if state in _LAPSED_TITLES:
        ended = licence.access_until if licence else None
        since = f"Valia até {formatting.absolute(ended, account.time_zone)}. " if ended and ended < now else ""
        return Banner("bad", "lock-closed", _LAPSED_TITLES[state], since + _WHAT_STAYS, "/plan/", "Ver meu plano")
    if state == LicenceState.PAST_DUE and licence and licence.grace_until:
        until = formatting.absolute(licence.grace_until, account.time_zone)
        text = f"Os envios continuam até {until}. Depois disso, param até o pagamento cair."
        return Banner("warn", "exclamation-triangle", "Pagamento atrasado", text, "/plan/", "Ver meu plano")
    return None


def _held_back() -> Banner | None:
    """The restore guard stops the whole installation: no member can do anything about it."""
    verdict = restore_guard.look()
    if verdict.may_send:
        return None
    if not verdict.needs_operator:
        text = "Uma parte do sistema que protege contra envios repetidos não responde. Os envios voltam sozinhos."
        return Banner("warn", "clock", "Envios em espera", text)
    text = "Por segurança, nada sai até nossa equipe conferir o que já foi enviado. Você não precisa fazer nada agora."
    return Banner("bad", "shield-exclamation", "Envios pausados: banco de dados restaurado", text)


def _halted(allowance: SendAllowance | None) -> Banner | None:
    if allowance is None or not allowance.halted_reason:
        return None
    text = "Nossa equipe parou os envios desta conta. Fale com a gente para entender o motivo."
    return Banner("bad", "shield-exclamation", "Envios parados por segurança", text)


def _disconnected(account: Account) -> Banner | None:
    """A number that is down while a running campaign has messages for it."""
    down = Connection.objects.filter(
        account=account,
        archived_at__isnull=True,
        state=ConnectionState.DISCONNECTED,
        lane__campaigns__status=CampaignStatus.RUNNING,
        lane__campaigns__queued_count__gt=0,
    )
    name = down.order_by("pk").values_list("name", flat=True).first()
    if name is None:
        return None
    text = "Há mensagens esperando por ele. Leia o QR code de novo e a campanha continua sozinha."
    return Banner("bad", "signal-slash", f"{name} está desconectado", text, "/connections/", "Reconectar")


def _nearly_used(allowance: SendAllowance | None, *, account: Account, now: dt.datetime) -> Banner | None:
    if allowance is None or not allowance.daily_limit or allowance.used_on != local_day(now, account.time_zone):
        return None
    if 100 * allowance.used_count < NEARLY_USED * allowance.daily_limit:
        return None
    used, limit = formatting.number(allowance.used_count), formatting.number(allowance.daily_limit)
    zone = formatting.zone_name(account.time_zone)
    if allowance.used_count >= allowance.daily_limit:
        text = f"Foram {used} de {limit} mensagens. As campanhas continuam sozinhas amanhã ({zone})."
        return Banner("warn", "clock", "Limite de hoje atingido", text, "/plan/", "Ver meu plano")
    text = f"Você já usou {used} de {limit} mensagens de hoje. O que passar disso sai amanhã ({zone})."
    return Banner("warn", "clock", "Quase no limite de hoje", text, "/plan/", "Ver meu plano")

"""The one notice above every page of a member, most severe first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import Account
from billing.models import Licence, LicenceState
from leads_infinitos.portal import formatting


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
    """The notice to show to members of the account, or None when all is well. `now` decides what still has time."""
    licence = Licence.objects.filter(account=account).first()
    return _licence_banner(licence, account=account, now=now)


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

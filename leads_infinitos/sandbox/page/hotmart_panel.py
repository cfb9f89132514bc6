"""The page's section that posts a sale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leads_infinitos.sandbox.hotmart import template_names
from leads_infinitos.sandbox.page.html import clock, e, empty, field, form, hidden, select
from leads_infinitos.sandbox.provider import CONTROL, Panel

if TYPE_CHECKING:
    from leads_infinitos.sandbox.hotmart_poster import Posted


def hotmart_panel(posted: Sequence[Posted], *, url: str, hottok: str, template: str) -> Panel:
    """A form that posts an event, and the events posted so far, newest first."""
    new = form(
        f"{CONTROL}/hotmart",
        select("Evento", "template", [(name, name) for name in template_names()], chosen=template)
        + field("E-mail de quem compra", "email", hint="cliente@example.com", kind="email")
        + field("Nome", "name", hint="Compradora Fictícia da Silva")
        + field("Plano (id)", "plan_id", hint="910003")
        + field("Oferta", "offer_code", hint="pr0mens3")
        + field("Transação", "transaction", hint="nova se vazio")
        + field("Assinante", "subscriber_code", hint="novo se vazio")
        + field("Próxima cobrança, em meses", "months", hint="1", kind="number")
        + field("Para", "url", url, kind="url")
        + field("Hottok", "hottok", hottok),
        button="Postar evento",
        css="form columns",
    )
    done = "".join(_posted(one) for one in reversed(posted))
    return Panel("hotmart", "Hotmart", new + (done or empty("Nenhum evento foi postado ainda.")))


def _posted(one: Posted) -> str:
    purchase = one.event.get("data", {}).get("purchase", {})
    transaction = purchase.get("transaction", "") if isinstance(purchase, dict) else ""
    answered = f"HTTP {one.status}" if one.status is not None else "sem resposta"
    good = one.status is not None and one.status < 300
    again = form(f"{CONTROL}/hotmart", hidden("repeat", one.n), button="Postar de novo", css="quiet")
    return (
        f'<article class="posted"><h3>{e(one.event.get("event", "?"))}</h3>'
        f'<p class="note">{e(f"{transaction} · ") if transaction else ""}{clock(one.wall)} · '
        f'<span class="status {"connected" if good else "disconnected"}">{"✓" if good else "✕"} {e(answered)}</span> '
        f'{e(one.body[:200])}</p><div class="actions">{again}</div></article>'
    )

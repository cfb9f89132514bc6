"""Portuguese for what billing says: a sentence per error code, per licence state, per reason of an event."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from billing.selectors.entitlement import Entitlement
from leads_infinitos.kernel.errors import DomainError
from leads_infinitos.kernel.money import brl

TEXTS: dict[str, str] = {
    "billing_error": "Não foi possível concluir. Tente de novo em instantes.",
    "plan_unknown": "Não existe um plano “{plan}” em vigor.",
    "plan_limits_invalid": "Os limites do plano não combinam entre si. Confira o campo {field}.",
    "grant_ends_before_start": "A data final precisa ser depois de agora.",
    "grant_withdrawn": "Esta concessão já tinha sido retirada.",
    "reason_missing": "Escreva o motivo: quem olhar depois vai precisar dele.",
    "daily_not_offered": "Seu plano tem um limite fixo de mensagens por dia.",
    "daily_out_of_range": "Escolha entre {least} e {most} mensagens por dia para cada número.",
    "account_exists": "Este e-mail já tem uma conta.",
    "email_invalid": "Este e-mail não parece válido.",
    "catalogue_invalid": "O catálogo tem um problema em {where}: {problem} ({value}).",
}

# Short, for chips and lists.
STATES: dict[str, str] = {
    "none": "Sem plano",
    "pending": "Aguardando pagamento",
    "trialing": "Em teste",
    "active": "Ativo",
    "canceling": "Cancelado, ainda vale",
    "disputed": "Reembolso em análise",
    "past_due": "Pagamento atrasado",
    "expired": "Vencido",
    "refunded": "Reembolsado",
    "blocked": "Bloqueado",
}

_SENTENCES: dict[str, str] = {
    "none": "Você ainda não tem um plano. Escolha um para começar a enviar.",
    "pending": "Recebemos seu pedido. Assim que o pagamento for confirmado, tudo é liberado sozinho.",
    "trialing": "Seu teste vai até {until}. Aproveite!",
    "active": "Tudo certo com seu plano. Ele vale até {until}.",
    "active_without_end": "Tudo certo com seu plano.",
    "canceling": "Você cancelou a renovação. Pode usar tudo até {until}.",
    "disputed": "Há um pedido de reembolso em análise. Enquanto isso, você pode usar tudo até {until}.",
    "past_due": "Não conseguimos confirmar a renovação. Você pode enviar até {grace}; regularize na Hotmart para não parar.",
    "expired": "Seu plano venceu. Seus leads e campanhas estão guardados: renove para voltar a enviar.",
    "expired_on": "Seu plano venceu em {until}. Seus leads e campanhas estão guardados: renove para voltar a enviar.",
    "refunded": "Sua compra foi reembolsada e o plano terminou. Se quiser voltar, é só assinar de novo.",
    "blocked": "O envio está bloqueado nesta conta. Fale com a gente para resolver.",
}

OUTCOMES: dict[str, str] = {
    "paid": "Pago",
    "disputed": "Reembolso em análise",
    "refunded": "Reembolsado",
    "charged_back": "Contestado no cartão",
    "unpaid": "Não pago",
}

# Why an event of Hotmart was left aside, waits, or failed.
EVENT_REASONS: dict[str, str] = {
    "panel_test": "Teste do painel da Hotmart",
    "no_licence_event": "Não diz respeito a licenças",
    "unknown_event": "Evento que não conhecemos",
    "ignored_product": "Produto fora do catálogo",
    "unknown_plan": "Plano ou oferta sem mapeamento no catálogo",
    "missing_email": "Sem e-mail do comprador e sem assinatura conhecida",
    "missing_transaction": "Sem código de transação",
    "status_mismatch": "Evento e situação da compra se contradizem",
    "unsupported_event": "Guardado para quando este evento for tratado",
    "unreadable": "Conteúdo que não foi possível ler",
}

CATALOGUE_PROBLEMS: dict[str, str] = {
    "not_an_object": "deveria ser um objeto",
    "missing": "está faltando",
    "invalid": "valor inválido",
    "no_plan_id_or_offer": "precisa de plan_id ou de uma oferta",
    "unknown_word": "palavra desconhecida",
    "out_of_range": "fora do permitido",
    "repeated": "repetido",
}


def of(error: DomainError) -> str:
    """The sentence for an error of this app."""
    params = dict(error.params)
    if "problem" in params:
        params["problem"] = CATALOGUE_PROBLEMS.get(str(params["problem"]), params["problem"])
    return TEXTS[error.code].format(**params)


def licence_sentence(right: Entitlement, time_zone: str) -> str:
    """What the account's licence means for its owner, with dates of the account's zone."""
    key = right.state
    if key == "active" and right.access_until is None:
        key = "active_without_end"
    if key == "expired" and right.access_until is not None:
        key = "expired_on"
    return _SENTENCES[key].format(
        until=_day(right.access_until, time_zone), grace=_day(right.grace_until or right.access_until, time_zone)
    )


def event_reason(reason: str) -> str:
    """Why an event is where it is; of a failure, the class of the error."""
    return EVENT_REASONS.get(reason, reason)


def price(cents: int, currency: str) -> str:
    """An amount with its currency."""
    return brl(cents) if currency in ("", "BRL") else f"{currency} {cents / 100:.2f}".replace(".", ",")


def _day(moment: dt.datetime | None, time_zone: str) -> str:
    return moment.astimezone(ZoneInfo(time_zone)).strftime("%d/%m/%Y") if moment else "—"

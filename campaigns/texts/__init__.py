"""Portuguese for what campaigns and connections say: one sentence per error code and per reason, each with what to do."""

from __future__ import annotations

import string
from collections.abc import Mapping

from campaigns.texts.reasons import REASONS, WORDS, reason, word
from leads_infinitos.kernel.errors import DomainError

__all__ = ["REASONS", "TEXTS", "WORDS", "listing", "of", "reason", "text_problem", "word", "worded"]

TEXTS: dict[str, str] = {
    "campaign_error": "Não foi possível concluir. Tente de novo em instantes.",
    "campaign_wrong_state": "Esta campanha está {status}: não dá para {wanted}. Atualize a página para ver a situação atual.",
    "campaign_incomplete": "Falta escolher {missing}. Complete a campanha e tente de novo.",
    "text_invalid": "{variation} {problem}",
    "window_invalid": "O horário de envio {day} não é válido. Cada intervalo começa antes de terminar e não cruza com outro;"
    " pelo menos um dia fica aberto.",
    "start_in_past": "Este horário já passou. Escolha um horário no futuro ou inicie agora.",
    "unknown_reference": "Uma das listas ou números escolhidos não existe mais. Confira a seleção.",
    "licence_lapsed": "Sua licença não está ativa, e por isso nada pode ser iniciado. Veja a página Plano.",
    "message_not_unconfirmed": "Esta mensagem já foi resolvida. Atualize a página para ver a situação atual.",
    "connection_error": "Não foi possível concluir. Tente de novo em instantes.",
    "instance_taken": "Este número já está conectado {here}.",
    "phone_taken": "O WhatsApp desta instância já está conectado {here}.",
    "too_many_connections": "Os números do seu plano ({limit}) já estão em uso. Remova um deles ou mude de plano.",
    "connection_in_use": "Este número ainda é usado por: {campaigns}. Cancele ou conclua antes de remover.",
    "gap_invalid": "O intervalo entre mensagens precisa começar em {floor_s} ou mais, e o mínimo não pode passar do máximo.",
    "nothing_to_retry": "Nenhuma das falhas pode ser tentada de novo: são definitivas, ou essas pessoas já estão em outro envio.",
    "retry_preparing": "As falhas desta campanha já estão sendo preparadas em um novo envio. Aguarde alguns instantes.",
    "campaign_busy": "As últimas mensagens desta campanha ainda estão sendo encerradas. Tente de novo em instantes.",
    "deals_below_zero": "Não há negócio para tirar: a contagem já está em zero.",
    "nothing_to_confirm": "Este banco já pode enviar: não há nada para confirmar.",
    "witness_silent": "A testemunha dos envios (WITNESS_URL) não responde. Confira o endereço e tente de novo.",
    "host_not_allowed": "Este endereço não é da Mega API. Copie o host como aparece no seu painel da Mega API.",
}

_MISSING = {
    "lists": "uma lista de leads",
    "connections": "um número de WhatsApp",
    "variations": "uma mensagem",
    "window": "um horário de envio",
}
_STATUS = {
    "draft": "em rascunho",
    "scheduled": "agendada",
    "running": "em andamento",
    "paused": "pausada",
    "finished": "concluída",
    "cancelled": "cancelada",
}
_WANTED = {
    "edit": "editar",
    "draft": "voltar a rascunho",
    "scheduled": "agendar",
    "running": "iniciar ou retomar",
    "paused": "pausar",
    "finished": "concluir",
    "cancelled": "cancelar",
    "send_again": "enviar de novo",
    "retry": "tentar as falhas de novo",
    "delete": "excluir",
}
_DAYS = (
    "na segunda-feira",
    "na terça-feira",
    "na quarta-feira",
    "na quinta-feira",
    "na sexta-feira",
    "no sábado",
    "no domingo",
)
_PROBLEMS = {
    "empty_text": "está vazia. Escreva o texto ou remova esta variação.",
    "text_too_long": "é longa demais. Use no máximo 4.000 caracteres.",
    "leftover_brace": "tem uma chave sobrando. Escreva o campo completo, como {nome}, ou apague a chave.",
    "unknown_field": "usa um campo que nenhuma das listas escolhidas tem",
    "too_many_variations": "passa do limite. Use no máximo 10 variações.",
}


def of(error: DomainError) -> str:
    """The sentence for an error of this app, or of the checks it relies on."""
    sentence = TEXTS.get(error.code, TEXTS["campaign_error"])
    return string.Formatter().vformat(sentence, (), _Params(worded(error.params)))


class _Params(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""


def worded(params: Mapping[str, object]) -> dict[str, object]:
    """The params of an error as a person reads them: codes, weekdays and lists become words; others stay as they are."""
    words = dict(params)
    if isinstance(parts := params.get("missing"), list | tuple):
        words["missing"] = listing([_MISSING.get(str(part), str(part)) for part in parts])
    if isinstance(names := params.get("campaigns"), list | tuple):
        words["campaigns"] = listing([f"“{name}”" for name in names])
    if "status" in params:
        words["status"] = _STATUS.get(str(params["status"]), params["status"])
    if "wanted" in params:
        words["wanted"] = _WANTED.get(str(params["wanted"]), "fazer isso")
    if isinstance(day := params.get("day"), int):
        words["day"] = _DAYS[day] if 0 <= day < len(_DAYS) else "da semana"
    if isinstance(here := params.get("here"), bool):
        words["here"] = _HERE if here else _ELSEWHERE
    if isinstance(floor := params.get("floor_s"), int | float):
        words["floor_s"] = f"{floor:.0f} segundos"
    return words | _variation(params)


_HERE = "nesta conta. Procure por ele na página Conexões"
_ELSEWHERE = "em outra conta. Use outra instância, ou remova-o de lá primeiro"


def _variation(params: Mapping[str, object]) -> dict[str, object]:
    if "variation" not in params or "problem" not in params:
        return {}
    problem = _problem(str(params["problem"]), str(params.get("field", "")))
    return {"variation": f"A variação {params['variation']}", "problem": problem}


def _problem(code: str, field: str) -> str:
    problem = _PROBLEMS.get(code, "não pode ser enviada como está.")
    return f"{problem}: {{{field}}}. Corrija o campo ou use {{nome}}." if code == "unknown_field" else problem


def text_problem(code: str, field: str = "") -> str:
    """What is wrong with one variation, for the place beside it."""
    problem = _problem(code, field)
    return f"Esta mensagem {problem}"


def listing(words: list[str]) -> str:
    """ "a", "a e b", "a, b e c"."""
    return words[0] if len(words) == 1 else " e ".join([", ".join(words[:-1]), words[-1]]) if words else ""

"""One place that turns any domain error into its Portuguese sentence: each app's `texts.py` words its own codes."""

from __future__ import annotations

import string
from collections.abc import Mapping

from accounts import texts as accounts_texts
from billing import texts as billing_texts
from campaigns import texts as campaigns_texts
from extraction import texts as extraction_texts
from leads_infinitos.kernel.errors import DomainError

SHARED: dict[str, str] = {
    "error": "Não foi possível concluir. Tente de novo em instantes.",
    "not_allowed": "Seu papel nesta conta não permite esta ação. Peça a um dono ou operador.",
    "host_not_allowed": "Este endereço não é de um provedor permitido. Copie o host como aparece no painel da Mega API.",
}


def all_texts() -> Mapping[str, str]:
    """Every code with its sentence; a sentence may name the error's params in braces."""
    return {**SHARED, **accounts_texts.ERRORS, **billing_texts.TEXTS, **extraction_texts.TEXTS, **campaigns_texts.TEXTS}


class _Params(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""


def of(error: DomainError) -> str:
    """The sentence for a person. A code without one falls back to the general sentence (a test allows none)."""
    sentence = all_texts().get(error.code, SHARED["error"])
    return string.Formatter().vformat(sentence, (), _Params(campaigns_texts.worded(error.params)))

"""Portuguese for what accounts says: one sentence per error code, and the names of the time zones."""

from __future__ import annotations

from leads_infinitos.kernel.errors import DomainError

ERRORS: dict[str, str] = {
    "not_allowed": "Seu papel nesta conta não permite fazer isso. Fale com o dono da conta.",
    "too_many_api_tokens": "Você já tem {limit} chaves. Revogue uma que não usa mais para criar outra.",
    "unknown_time_zone": "Não conhecemos esse fuso horário.",
}

TIME_ZONES: dict[str, str] = {
    "America/Sao_Paulo": "Brasília (Sudeste, Sul, DF, GO)",
    "America/Bahia": "Salvador (BA)",
    "America/Fortaleza": "Fortaleza (CE, MA, PB, PI, RN)",
    "America/Recife": "Recife (PE)",
    "America/Maceio": "Maceió (AL, SE)",
    "America/Belem": "Belém (AP, leste do PA)",
    "America/Santarem": "Santarém (oeste do PA)",
    "America/Araguaina": "Araguaína (TO)",
    "America/Campo_Grande": "Campo Grande (MS)",
    "America/Cuiaba": "Cuiabá (MT)",
    "America/Manaus": "Manaus (AM)",
    "America/Porto_Velho": "Porto Velho (RO)",
    "America/Boa_Vista": "Boa Vista (RR)",
    "America/Rio_Branco": "Rio Branco (AC)",
    "America/Noronha": "Fernando de Noronha",
}


def of(error: DomainError) -> str:
    """The sentence for an error of this app."""
    return ERRORS[error.code].format(**error.params)

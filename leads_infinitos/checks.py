"""Refuses a weak production set-up: with DEBUG off, no command runs until each of these is right.

Development is never refused. The ids are stable: an operator finds them in docs and logs.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from leads_infinitos.kernel.http import is_loopback

SHORTEST_SECRET = 50  # characters; Django's own limit
FIELD_KEY_BYTES = 32
LOWEST_FLOOR_S = 30.0


@dataclass(frozen=True)
class Rule:
    """One thing that production must not have: whether it has it, what that means, what to do."""

    id: str
    is_broken: Callable[[], bool]
    problem: str
    remedy: str


def _weak_secret_key() -> bool:
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:  # Django's answer to an empty one
        return True
    return len(key) < SHORTEST_SECRET or key == settings.DEVELOPMENT_KEY


def _weak_field_keys() -> bool:
    keys = settings.FIELD_ENCRYPTION_KEYS
    return not keys or settings.DEVELOPMENT_FIELD_KEY in keys or not all(map(_is_field_key, keys))


def _is_field_key(key: str) -> bool:
    try:
        return len(urlsafe_b64decode(key)) == FIELD_KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _open_hosts() -> bool:
    return not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS


def _insecure_public_url() -> bool:
    return not settings.PUBLIC_URL.startswith("https://") or _is_this_machine(settings.PUBLIC_URL)


def _loopback_gateway() -> bool:
    return any(map(_is_this_machine, settings.GATEWAY_ALLOWED_HOSTS))


def _witness_in_the_broker() -> bool:
    """Whoever empties a stuck broker would empty the memory of what was sent, too."""
    return bool(settings.REDIS_URL) and _redis_database(settings.WITNESS_URL) == _redis_database(settings.REDIS_URL)


def _redis_database(url: str) -> tuple[str, int, str]:
    parts = urlsplit(url)
    asked = parse_qs(parts.query).get("db", [parts.path.strip("/")])[0]
    number = parts.query if parts.scheme == "unix" else asked
    return parts.hostname or parts.path, parts.port or 6379, number or "0"


def _is_this_machine(address: str) -> bool:
    """Of a host name or URL; one without a host counts, for it leads nowhere else."""
    host = urlsplit(address if "://" in address else f"//{address}").hostname
    return not host or is_loopback(host)


RULES = (
    Rule(
        "leads.E001",
        _weak_secret_key,
        "SECRET_KEY está vazia, é curta ou é a de desenvolvimento.",
        'Gere uma: python -c "import secrets; print(secrets.token_urlsafe(60))"',
    ),
    Rule(
        "leads.E002",
        _weak_field_keys,
        "FIELD_ENCRYPTION_KEY está vazia, é a de desenvolvimento ou não tem 32 bytes em base64.",
        'Gere uma: python -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"',
    ),
    Rule(
        "leads.E003",
        _open_hosts,
        "ALLOWED_HOSTS está vazia ou aceita qualquer nome.",
        "Liste os nomes do portal, separados por vírgula: ALLOWED_HOSTS=app.exemplo.com.br",
    ),
    Rule(
        "leads.E004",
        _insecure_public_url,
        "PUBLIC_URL não é um endereço https público.",
        "Informe o endereço do portal, como PUBLIC_URL=https://app.exemplo.com.br: os links dos e-mails saem dele.",
    ),
    Rule(
        "leads.E005",
        lambda: bool(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")),
        "O banco é o SQLite de desenvolvimento.",
        "Aponte DATABASE_URL para um PostgreSQL: postgres://usuario:senha@servidor:5432/banco",
    ),
    Rule(
        "leads.E006",
        lambda: not settings.REDIS_URL,
        "Não há REDIS_URL: cada processo teria fila, cache e limites próprios.",
        "Aponte REDIS_URL para um Redis ou Valkey: redis://:senha@servidor:6379/0",
    ),
    Rule(
        "leads.E007",
        lambda: not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") or _is_this_machine(settings.EMAIL_HOST),
        "EMAIL_URL não aponta para um servidor de e-mail: ninguém receberia o link para criar a senha.",
        "Informe o servidor: EMAIL_URL=smtp+tls://usuario:senha@servidor:587",
    ),
    Rule(
        "leads.E008",
        lambda: not settings.HOTMART_HOTTOKS or "sandbox-hottok" in settings.HOTMART_HOTTOKS,
        "HOTMART_HOTTOK está vazio ou é o do simulador: as vendas seriam recusadas, ou forjadas por qualquer um.",
        "Copie o hottok da página de Webhook da Hotmart para HOTMART_HOTTOK.",
    ),
    Rule(
        "leads.E009",
        lambda: settings.SANDBOX_WANTED,
        "SANDBOX está ligado: o simulador dos provedores só existe em desenvolvimento.",
        "Remova SANDBOX do ambiente, ou use SANDBOX=0.",
    ),
    Rule(
        "leads.E010",
        _loopback_gateway,
        "GATEWAY_ALLOWED_HOSTS contém um endereço desta própria máquina.",
        "Deixe só endereços externos: um cliente não pode apontar uma conexão para dentro do servidor.",
    ),
    Rule(
        "leads.E011",
        lambda: settings.MIN_GAP_S < LOWEST_FLOOR_S,
        "MIN_GAP_S é menor que 30 segundos: números que enviam rápido demais são bloqueados pelo WhatsApp.",
        "Remova MIN_GAP_S do ambiente, ou use 30 ou mais.",
    ),
    Rule(
        "leads.E012",
        lambda: settings.SECURE_PROXY_SSL_HEADER is None and settings.SECURE_SSL_REDIRECT,
        "BEHIND_PROXY está desligado, mas o servidor web deste produto não fala https: todo acesso redirecionaria para si.",
        "Ponha um proxy com https na frente e use BEHIND_PROXY=1.",
    ),
    Rule(
        "leads.E013",
        lambda: settings.PROOF_WANTED,
        "PROOF_KILLS ou PROOF_BREAK está no ambiente: a prova do envio mata processos e desliga proteções.",
        "Remova as duas variáveis do ambiente: elas são só do comando prove_sending, fora de produção.",
    ),
    Rule(
        "leads.E014",
        _witness_in_the_broker,
        "WITNESS_URL é o mesmo banco do Redis que REDIS_URL: esvaziar a fila apagaria a memória do que já foi enviado.",
        "Use outro número de banco, como redis://:senha@servidor:6379/1, ou deixe vazio para usar um arquivo em VAR_DIR.",
    ),
)


@register(Tags.security)
def check_production(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: object
) -> list[CheckMessage]:
    """One error for each broken rule; none in development."""
    return list(_errors()) if settings.PRODUCTION else []


def _errors() -> Iterator[CheckMessage]:
    for rule in RULES:
        if rule.is_broken():
            yield Error(rule.problem, hint=rule.remedy, id=rule.id)

"""The page's section about the numbers: their state, credentials and switches."""

from __future__ import annotations

from collections.abc import Iterable

from leads_infinitos.sandbox.mega.faults import Fault
from leads_infinitos.sandbox.mega.instances import Instance, Status
from leads_infinitos.sandbox.mega.numbers import MAGIC, MAGIC_PREFIX
from leads_infinitos.sandbox.page.html import e, field, form, hidden, phone, select, switch
from leads_infinitos.sandbox.provider import CONTROL, Panel

STATUSES = {
    Status.CONNECTED: "● Conectado",
    Status.CONNECTING: "◐ Conectando",
    Status.DISCONNECTED: "○ Desconectado",
}
FAULTS = {
    Fault.ERROR_TRUE: "200 com error: true, sem enviar",
    Fault.BAD_GATEWAY: "502 em texto, sem enviar",
    Fault.GATEWAY_TIMEOUT: "504 em texto, depois de aceitar",
    Fault.HTML_404: "404 em HTML, sem enviar",
    Fault.HANG_AFTER_ACCEPT: "Aceita e fica em silêncio",
    Fault.HANG_BEFORE_ACCEPT: "Fica em silêncio sem aceitar",
    Fault.EMPTY_200: "200 vazio, depois de aceitar",
    Fault.PARTIAL_200: "200 sem o id, depois de aceitar",
    Fault.DROP_AFTER_ACCEPT: "Aceita e derruba a conexão",
    Fault.DROP_BEFORE_ACCEPT: "Derruba a conexão sem aceitar",
    Fault.DISCONNECTED: "403 instância desconectada",
    Fault.RATE_LIMITED: "429 com Retry-After",
    Fault.NOT_REGISTERED: "Número sem WhatsApp",
}


def numbers_panel(instances: Iterable[Instance], *, host: str) -> Panel:
    """Every instance with what a connection asks for and its forms, a form for a new one, the table of magic numbers."""
    drawn = "".join(_instance(instance, host) for instance in instances)
    new = form(
        f"{CONTROL}/instances",
        field("Chave da instância", "key", hint="loja-centro")
        + field("Token", "token", hint="gerado se vazio")
        + field("Número, com 55", "phone", hint="inventado se vazio"),
        button="Criar número",
        css="form columns",
    )
    return Panel(
        "numeros",
        "Números (Mega API)",
        f"{drawn}<details><summary>Novo número</summary>{new}</details>"
        f"<details><summary>Números mágicos</summary>{_magic()}</details>",
    )


def _instance(instance: Instance, host: str) -> str:
    plan = instance.faults
    fault = f'<span class="fault">⚠ {e(FAULTS[plan.fault])}</span>' if plan.fault else ""
    pairing = f"<p>Código de pareamento: <code>{e(instance.pairing_code)}</code></p>" if instance.pairing_code else ""
    return (
        f'<article class="instance"><header><h3>{e(instance.key)}</h3>'
        f'<span class="status {e(instance.status)}">{STATUSES[instance.status]}</span>{fault}'
        f'<span class="note">{phone(instance.phone)} · {instance.accepted} aceitas de {instance.sends} envios · '
        f"{instance.checks} consultas</span></header>"
        f"<p>Host: <code>{e(host)}</code> · Instance key: <code>{e(instance.key)}</code> · "
        f"Token: <code>{e(instance.token)}</code></p>{pairing}"
        f'<div class="actions">{_status_button(instance)}</div>'
        f'<details><summary>Falhas, webhook e respostas</summary><div class="grid">'
        f"<div><h4>Falhas</h4>{_faults_form(instance)}</div><div><h4>Webhook</h4>{_webhook_form(instance)}</div>"
        f"<div><h4>Alguém responde</h4>{_incoming_form(instance)}</div></div></details></article>"
    )


def _status_button(instance: Instance) -> str:
    status, label = (Status.DISCONNECTED, "Desconectar") if instance.connected else (Status.CONNECTED, "Ler o QR code")
    body = hidden("key", instance.key) + hidden("status", status)
    return form(f"{CONTROL}/instances", body, button=label, css="quiet" if instance.connected else "form")


def _faults_form(instance: Instance) -> str:
    plan = instance.faults
    choices = [("", "Nenhuma"), *((fault.value, text) for fault, text in FAULTS.items())]
    return form(
        f"{CONTROL}/faults",
        hidden("instance", instance.key)
        + select("No próximo envio", "fault", choices, chosen=plan.fault or "")
        + field("Quantas vezes (vazio: sempre)", "times", plan.times or "", kind="number")
        + field("Demora, em milissegundos", "latency_ms", plan.latency_ms, kind="number"),
        button="Aplicar",
    )


def _webhook_form(instance: Instance) -> str:
    hook = instance.webhook
    return form(
        f"{CONTROL}/instances",
        hidden("key", instance.key)
        + field("Endereço", "webhook_url", hook.url, kind="url")
        + field("Recibos (2 enviada, 3 entregue, 4 lida)", "acks", " ".join(map(str, hook.acks)))
        + field("Demora de cada um, em milissegundos", "ack_delay_ms", hook.delay_ms, kind="number")
        + switch("Fora de ordem", "acks_swapped", on=hook.swapped)
        + switch("Repetidos", "acks_duplicated", on=hook.duplicated)
        + switch("Antes da resposta do envio", "acks_before_answer", on=hook.before_answer)
        + switch("Eco da mensagem enviada", "echo", on=hook.echo),
        button="Salvar",
    )


def _incoming_form(instance: Instance) -> str:
    if not instance.webhook.active:
        return '<p class="note">Sem webhook, ninguém saberia da resposta.</p>'
    return form(
        f"{CONTROL}/incoming",
        hidden("instance", instance.key)
        + field("De", "from", hint="5511987654321")
        + field("Nome", "name", hint="Cliente")
        + field("Texto", "text", hint="Tenho interesse"),
        button="Enviar resposta",
    )


def _magic() -> str:
    rows = "".join(
        f"<tr><td><code>…{MAGIC_PREFIX}-{code}</code></td><td>{e(FAULTS[fault])}</td></tr>"
        for code, fault in MAGIC.items()
    )
    return (
        '<p class="note">Um número que termina assim encontra a falha em qualquer instância. '
        "Exemplo: (11) 98999-0404 não tem WhatsApp.</p>"
        f'<div class="scroll"><table><thead><tr><th>Final</th><th>O que acontece</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )

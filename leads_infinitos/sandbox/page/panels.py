"""The sections that belong to no provider: what was delivered, and the mails."""

from __future__ import annotations

from leads_infinitos.sandbox.accept_log import AcceptedLine, AcceptLog
from leads_infinitos.sandbox.mail import Mail, Mailbox
from leads_infinitos.sandbox.page.html import clock, e, empty, form, link, phone, select
from leads_infinitos.sandbox.provider import CONTROL, Panel

LAST_MESSAGES = 200
BUBBLES = 12  # for each instance
LAST_MAILS = 20
KINDS = {
    "image": "imagem",
    "video": "vídeo",
    "audio": "áudio",
    "ptt": "áudio",
    "ptv": "vídeo",
    "document": "documento",
}


def messages_panel(log: AcceptLog) -> Panel:
    """The newest messages as bubbles, by instance; the instance that sent last stands first."""
    by_instance: dict[str, list[AcceptedLine]] = {}
    for line in reversed(log.last(LAST_MESSAGES)):
        by_instance.setdefault(line["instance"], []).append(line)
    phones = "".join(_phone(instance, lines) for instance, lines in by_instance.items())
    html = f'<div class="phones">{phones}</div>' if phones else empty("Nenhuma mensagem foi aceita ainda.")
    return Panel("mensagens", "Mensagens entregues", html)


def _phone(instance: str, lines: list[AcceptedLine]) -> str:
    bubbles = "".join(_bubble(line) for line in lines[:BUBBLES])
    more = len(lines) - BUBBLES
    rest = f'<p class="note">e mais {more} entre as últimas {LAST_MESSAGES}</p>' if more > 0 else ""
    return (
        f'<article class="phone"><h3>{e(instance)}</h3>'
        f'<ol class="chat" tabindex="0" aria-label="Mensagens de {e(instance)}">{bubbles}</ol>{rest}</article>'
    )


def _bubble(line: AcceptedLine) -> str:
    kind = f'<span class="tag">{e(KINDS[line["kind"]])}</span>' if line["kind"] in KINDS else ""
    return (
        f'<li class="bubble"><p class="to">{phone(line["phone"])}</p>{kind}<p class="body">{e(line["text"])}</p>'
        f'<p class="meta"><span title="{e(line["id"])}">nº {line["n"]}</span> {clock(line["wall"])}</p></li>'
    )


def mails_panel(mailbox: Mailbox) -> Panel:
    """The newest mails, their links ready to be opened, and the switch that refuses mails."""
    mails = "".join(_mail(mail) for mail in list(mailbox.newest_first())[:LAST_MAILS])
    refusing = "temporary" if mailbox.refusal.startswith("4") else "permanent" if mailbox.refusal else ""
    choices = [("", "Aceitar"), ("temporary", "Recusar por enquanto (451)"), ("permanent", "Recusar de vez (550)")]
    switch = form(
        f"{CONTROL}/mails/faults",
        select("Próximos e-mails", "refuse", choices, chosen=refusing),
        button="Aplicar",
        css="form inline",
    )
    return Panel("emails", "E-mails", switch + (mails or empty("Nenhum e-mail chegou ainda.")))


def _mail(mail: Mail) -> str:
    links = "".join(f"<li>{link(url)}</li>" for url in mail.links)
    drawn = f'<a href="{CONTROL}/mails/{mail.n}" target="_blank" rel="noopener">Ver como HTML</a>' if mail.html else ""
    return (
        f'<article class="mail"><header><h3>{e(mail.subject or "(sem assunto)")}</h3>'
        f'<p class="note">{e(mail.sender)} → {e(", ".join(mail.to))} · {clock(mail.wall)}</p></header>'
        f'<ul class="links">{links}</ul>'
        f"<details><summary>Texto</summary><pre>{e(mail.text)}</pre>{drawn}</details></article>"
    )

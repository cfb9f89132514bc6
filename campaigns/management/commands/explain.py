"""`manage.py explain`: what each gate says now about a campaign, a message or a number, and the earliest time."""

from __future__ import annotations

import json

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import clock
from campaigns import texts
from campaigns.models import Campaign, CampaignMessage
from campaigns.selectors import explain
from campaigns.selectors.explain import Explanation, Step
from campaigns.services import restore_guard

NOT_FOUND = 2
SCOPES = {
    "installation": "instalação",
    "account": "conta",
    "lane": "número",
    "campaign": "campanha",
    "message": "mensagem",
}


class Command(BaseCommand):
    help = (
        "Explica por que uma campanha, mensagem ou número espera: o que cada regra diz agora, com os valores comparados, e "
        "o primeiro momento possível. Um número sozinho é uma campanha."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what", metavar="CAMPANHA|message:ID|lane:ID", help="12, campaign:12, message:345 ou lane:6"
        )
        parser.add_argument("--json", action="store_true", help="a última linha da saída é um objeto JSON")

    def handle(self, *, what: str, json: bool, **options: object) -> None:
        explanation = _explain(what)
        if json:
            self.stdout.write(_as_json(explanation))
            return
        self.stdout.write(f"{explanation.scope}:{explanation.pk} {explanation.status}")
        if explanation.is_settled and explanation.reason:
            self.stdout.write(f"  {texts.reason(explanation.reason)} ({explanation.reason})")
        for step in explanation.steps:
            self.stdout.write(f"  {SCOPES[step.scope]} {step.pk}: {_words(step)}")
        if not explanation.is_settled:
            when = explanation.earliest.isoformat() if explanation.earliest else "só depois que algo acima mudar"
            self.stdout.write(f"  à frente: {explanation.ahead}; não antes de: {when}")


def _explain(what: str) -> Explanation:
    kind, _, number = what.rpartition(":")
    if not number.isdigit() or kind not in ("", "campaign", "message", "lane"):
        raise CommandError("Use o número de uma campanha, ou message:ID, ou lane:ID.", returncode=NOT_FOUND)
    pk, now, guard = int(number), clock.now(), restore_guard.look()
    if kind == "message":
        message = CampaignMessage.objects.filter(pk=pk).select_related("campaign__account").first()
        if message is not None:
            return explain.explain_message(message=message, guard=guard, now=now)
    elif kind == "lane":
        lane = explain.find_lane(pk)
        if lane is not None:
            return explain.explain_lane(lane=lane, guard=guard, now=now)
    else:
        campaign = Campaign.objects.filter(pk=pk).select_related("account").first()
        if campaign is not None:
            return explain.explain_campaign(campaign=campaign, guard=guard, now=now)
    raise CommandError(f"Não existe: {what}", returncode=NOT_FOUND)


def _words(step: Step) -> str:
    verdict = step.verdict
    if verdict.may_send:
        return "pode enviar"
    values = ", ".join(f"{name}={value}" for name, value in verdict.compared.items())
    until = f", até {verdict.until.isoformat()}" if verdict.until else ""
    return (
        f"{texts.reason(verdict.reason, verdict.compared)} [{verdict.reason}{until}{', ' + values if values else ''}]"
    )


def _as_json(explanation: Explanation) -> str:
    deciding = explanation.deciding
    answer = {
        "scope": explanation.scope,
        "id": explanation.pk,
        "status": explanation.status,
        "reason": explanation.reason,
        "waits_for": deciding.verdict.reason if deciding else None,
        "earliest": explanation.earliest,
        "ahead": explanation.ahead,
        "steps": [
            {
                "scope": step.scope,
                "id": step.pk,
                "answer": step.verdict.answer,
                "reason": step.verdict.reason,
                "why": texts.reason(step.verdict.reason, step.verdict.compared),
                "until": step.verdict.until,
                "compared": step.verdict.compared,
            }
            for step in explanation.steps
        ],
    }
    return json.dumps(answer, default=lambda value: value.isoformat() if hasattr(value, "isoformat") else str(value))

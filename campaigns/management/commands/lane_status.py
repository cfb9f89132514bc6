"""`manage.py lane_status`: every number's lane, its next time, its rest, its use and its last answer."""

from __future__ import annotations

import json

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import clock
from accounts.models import Account, normalise_email
from campaigns import texts
from campaigns.selectors.lanes import LaneReport, lane_reports


class Command(BaseCommand):
    help = "Mostra cada número: conexão, próximo envio, descanso, em envio desde quando, uso de hoje e última resposta."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="EMAIL", help="só os números da conta desta pessoa")
        parser.add_argument("--json", action="store_true", help="a última linha da saída é um objeto JSON")

    def handle(self, *, account: str | None, json: bool, **options: object) -> None:
        owner = None
        if account:
            owner = Account.objects.filter(memberships__user__email=normalise_email(account)).order_by("pk").first()
            if owner is None:
                raise CommandError("Nenhuma conta tem este e-mail.", returncode=2)
        answers = [_answer(report) for report in lane_reports(account=owner, now=clock.now())]
        if json:
            self.stdout.write(_as_json(answers))
            return
        for answer in answers:
            self.stdout.write(f"lane:{answer['lane']} conta:{answer['account']} {answer['connection_state']}")
            for name in ("why", "next_send_at", "rest_until", "rest_reason", "in_flight_since"):
                if answer[name]:
                    self.stdout.write(f"  {name}: {answer[name]}")
            self.stdout.write(f"  used_today: {answer['used_today']}/{answer['limit_today']}")
            if last := answer["last_answer"]:
                self.stdout.write(f"  last_answer: {json_line(last)}")
        if not answers:
            self.stdout.write("Nenhum número.")


def json_line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_json(answers: list[dict[str, object]]) -> str:
    return json.dumps({"lanes": answers})


def _answer(report: LaneReport) -> dict[str, object]:
    state, lane, last = report.state, report.state.lane, report.last_answer
    moments = {
        "next_send_at": state.next_send_at,
        "not_before": lane.not_before,
        "wake_at": lane.wake_at,
        "rest_until": lane.rest_until,
        "in_flight_since": report.in_flight_since,
        "in_flight_until": lane.in_flight_until,
    }
    return {
        "lane": lane.pk,
        "account": lane.account_id,
        "connection": lane.connection_id,
        "connection_state": lane.connection.state,
        "answer": state.verdict.answer,
        "reason": state.verdict.reason,
        "why": texts.reason(state.verdict.reason, state.verdict.compared),
        "rest_reason": lane.rest_reason,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
        "used_today": state.used,
        "limit_today": state.limit,
        "last_answer": last
        and {
            "outcome": last.outcome,
            "code": last.code,
            "http_status": last.http_status,
            "answered_at": last.answered_at.isoformat() if last.answered_at else None,
            "message": last.message_id,
        },
    }

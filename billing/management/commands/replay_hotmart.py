"""Processes stored Hotmart events again, here and now."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q, QuerySet

from accounts import clock
from billing.models import PaymentEvent
from billing.services import inbox


class Command(BaseCommand):
    help = (
        "Processa de novo eventos da Hotmart já guardados: os que aguardam e os que falharam, ou os que forem indicados. "
        "Sai com 1 quando algum falha."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--parked", action="store_true", help="só os que aguardam")
        parser.add_argument("--failed", action="store_true", help="só os que falharam")
        parser.add_argument(
            "--id", action="append", default=[], metavar="ID", help="id do evento (da Hotmart ou nosso)"
        )
        parser.add_argument("--json", action="store_true", help="responde em JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        events = _chosen(options)
        missing = len(options["id"]) - len(events)
        if options["id"] and missing > 0:
            raise CommandError(f"{missing} dos eventos indicados não existem.")
        results = inbox.replay(event_ids=events, now=clock.now())
        answer = {"replayed": len(events), **{status: results[status] for status in PaymentEvent.Status.values}}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            self.stdout.write(", ".join(f"{word} {number}" for word, number in answer.items()))
        if results[PaymentEvent.Status.FAILED] or results[PaymentEvent.Status.PENDING]:
            sys.exit(1)


def _chosen(options: dict[str, Any]) -> list[int]:
    events: QuerySet[PaymentEvent] = PaymentEvent.objects.order_by("received_at", "pk")
    if options["id"]:
        own = [int(text) for text in options["id"] if text.isascii() and text.isdigit() and len(text) < 18]
        return list(events.filter(Q(dedupe_key__in=options["id"]) | Q(pk__in=own)).values_list("pk", flat=True))
    statuses = [word for word in (PaymentEvent.Status.PARKED, PaymentEvent.Status.FAILED) if options[word.value]]
    chosen = statuses or [PaymentEvent.Status.PARKED, PaymentEvent.Status.FAILED]
    return list(events.filter(status__in=chosen, payload__isnull=False).values_list("pk", flat=True))

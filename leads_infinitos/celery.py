"""The Celery app and what beat does.

The database is the queue; Celery only wakes us up (ADR 0001): every task may run twice, late or not at all for a while.
"""

from __future__ import annotations

import logging.config
import os
import threading
from dataclasses import dataclass

from celery import Celery, signals

from leads_infinitos.supervisor import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leads_infinitos.settings")

app = Celery("leads_infinitos")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

stopping = threading.Event()
"""Set while the worker of this process shuts down warmly: a long task ends at its next safe moment. The sender runs its
tasks in threads of the process that gets the signal; a prefork child never sees it."""


@signals.worker_shutting_down.connect
def _note_shutdown(**_: object) -> None:
    stopping.set()


@signals.worker_process_init.connect
def _leave_no_orphan(**_: object) -> None:
    """A prefork child whose main process was killed would wait for work for ever."""
    die_with_parent()


@signals.setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Celery lays its own handlers unless somebody listens here; every process logs alike."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@dataclass(frozen=True)
class Beat:
    """One line of beat's schedule: the task, how often in seconds, and what it is for (shown in Admin)."""

    task: str
    every_s: int
    purpose: str
    expires_s: int | None = None  # a tick nobody took in this time is dropped: the next one does the same work


# `manage.py sync_beat` writes these to django-celery-beat's tables once; an operator's later edits in Admin survive.
BEAT: dict[str, Beat] = {
    "pump": Beat("campaigns.tasks.pump_lanes", 1, "Envia o que está na hora", expires_s=2),
    "start-campaigns": Beat("campaigns.tasks.start_due_campaigns", 1, "Inicia campanhas agendadas", expires_s=5),
    "audiences": Beat("campaigns.tasks.materialise_audiences", 2, "Prepara as mensagens das campanhas", expires_s=5),
    "settle-cancelled": Beat("campaigns.tasks.cancel_queued_messages", 5, "Cancela a fila de campanhas canceladas"),
    "finish-campaigns": Beat("campaigns.tasks.finish_campaigns", 2, "Conclui campanhas sem mensagens pendentes"),
    "wake-lanes": Beat("campaigns.tasks.wake_sleeping_lanes", 60, "Acorda filas esquecidas"),
    "failover": Beat("campaigns.tasks.redeal_lost_numbers", 60, "Passa a fila de números parados aos outros"),
    "watchdog": Beat("campaigns.tasks.watch_campaigns", 60, "Nota campanhas que não andam e por quê", expires_s=60),
    "rescue-leases": Beat("campaigns.tasks.rescue_expired_leases", 10, "Resgata envios interrompidos"),
    "poll-connections": Beat("campaigns.tasks.poll_connections", 60, "Confere se os números estão conectados"),
    "gateway-events": Beat("campaigns.tasks.process_gateway_events", 1, "Lê o que volta do WhatsApp", expires_s=5),
    "webhooks": Beat("campaigns.tasks.set_webhooks", 5, "Liga os avisos dos números conectados", expires_s=30),
    "prune-gateway-events": Beat("campaigns.tasks.prune_gateway_events", 24 * 3600, "Apaga avisos antigos do WhatsApp"),
    "imports": Beat("extraction.tasks.run_imports", 2, "Processa planilhas enviadas", expires_s=5),
    "hotmart-inbox": Beat("billing.tasks.process_payment_events", 2, "Processa eventos da Hotmart", expires_s=5),
    "licence-clock": Beat("billing.tasks.run_licence_clock", 60, "Atualiza licenças com o passar do tempo"),
    "outbox": Beat("accounts.tasks.send_outbox", 2, "Envia e-mails", expires_s=5),
    "reconcile": Beat("campaigns.tasks.reconcile_counters", 24 * 3600, "Confere os contadores com as mensagens"),
    "heartbeat": Beat("leads_infinitos.portal.tasks.beat_heartbeat", 2, "Sinal de vida", expires_s=2),
}

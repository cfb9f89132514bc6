"""The words, colours and icons of every status a page shows, in one table, so that a thing has one name everywhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    word: str
    tone: str  # ok info warn bad idle brand: the CSS of components/chip.css
    icon: str  # heroicons name
    is_live: bool = False  # something is happening right now


STATUSES: dict[str, dict[str, Status]] = {
    "campaign": {
        "draft": Status("Rascunho", "idle", "pencil-square"),
        "scheduled": Status("Agendada", "brand", "calendar"),
        "preparing": Status("Preparando", "info", "arrow-path", is_live=True),
        "running": Status("Em andamento", "info", "paper-airplane", is_live=True),
        # What a running campaign waits for is computed, never stored (campaigns: gates).
        "waiting_confirmation": Status("Aguardando confirmação", "warn", "hand-raised"),
        "outside_window": Status("Fora do horário", "idle", "moon"),
        "waiting_connection": Status("Aguardando conexão", "warn", "signal-slash"),
        "paused": Status("Pausada por você", "warn", "pause-circle"),
        "paused_safety": Status("Pausada por segurança", "warn", "shield-exclamation"),
        "paused_plan": Status("Pausada pelo plano", "warn", "credit-card"),
        "waiting_licence": Status("Licença vencida", "bad", "lock-closed"),
        "finished": Status("Concluída", "ok", "check-circle"),
        "finished_pending": Status("Concluída com pendências", "warn", "exclamation-circle"),
        "cancelled": Status("Cancelada", "idle", "x-circle"),
    },
    "message": {
        "queued": Status("Na fila", "idle", "clock"),
        "sending": Status("Enviando", "info", "arrow-path", is_live=True),
        "sent": Status("Enviada", "info", "check"),
        "delivered": Status("Entregue", "info", "check-circle"),
        "read": Status("Lida", "info", "eye"),
        "replied": Status("Respondeu", "ok", "chat-bubble-left-right"),
        "skipped": Status("Ignorada", "idle", "forward"),
        "failed": Status("Falhou", "bad", "x-circle"),
        "failed_retryable": Status("Falhou, pode repetir", "warn", "arrow-path"),
        "unconfirmed": Status("Incerta", "warn", "question-mark-circle"),
        "cancelled": Status("Cancelada", "idle", "minus-circle"),
    },
    "receipt": {
        "none": Status("Sem recibo", "idle", "minus"),
        "server": Status("Enviada", "info", "check"),
        "delivered": Status("Entregue", "info", "check-circle"),
        "read": Status("Lida", "info", "eye"),
        "failed": Status("Não entregue", "bad", "x-circle"),
    },
    "connection": {
        "connected": Status("Conectado", "ok", "signal"),
        "connecting": Status("Conectando", "warn", "arrow-path", is_live=True),
        "disconnected": Status("Desconectado", "bad", "signal-slash"),
        "unknown": Status("Não foi possível verificar", "idle", "question-mark-circle"),
    },
    "import": {
        "queued": Status("Na fila", "idle", "clock"),
        "running": Status("Processando", "info", "arrow-path", is_live=True),
        "done": Status("Concluída", "ok", "check-circle"),
        "rejected": Status("Recusada", "bad", "x-circle"),
        "failed": Status("Falhou", "bad", "exclamation-triangle"),
    },
    "row": {
        "created": Status("Criada", "ok", "check-circle"),
        "duplicate": Status("Duplicada", "idle", "square-2-stack"),
        "rejected": Status("Rejeitada", "bad", "x-circle"),
        "blank": Status("Em branco", "idle", "minus-circle"),
        "not_ready": Status("Não pronta", "warn", "clock"),
    },
    "licence": {
        "none": Status("Sem licença", "idle", "minus-circle"),
        "pending": Status("Aguardando pagamento", "warn", "clock"),
        "trialing": Status("Em teste", "info", "beaker"),
        "active": Status("Ativa", "ok", "check-badge"),
        "canceling": Status("Cancelada, ainda vale", "warn", "calendar"),
        "disputed": Status("Em disputa", "warn", "scale"),
        "past_due": Status("Pagamento atrasado", "warn", "exclamation-triangle"),
        "expired": Status("Vencida", "bad", "lock-closed"),
        "refunded": Status("Reembolsada", "bad", "arrow-uturn-left"),
        "blocked": Status("Bloqueada", "bad", "no-symbol"),
    },
    "role": {
        "owner": Status("Dono", "brand", "key"),
        "operator": Status("Operador", "info", "wrench-screwdriver"),
        "viewer": Status("Leitor", "idle", "eye"),
    },
}

# The parts of a campaign's bar, in the order in which they are drawn.
BAR_PARTS: dict[str, str] = {
    "replied": "responderam",
    "read": "lidas",
    "delivered": "entregues",
    "sent": "enviadas",
    "sending": "enviando",
    "failed": "falharam",
    "unconfirmed": "incertas",
    "skipped": "ignoradas",
    "cancelled": "canceladas",
    "queued": "na fila",
}


def status(kind: str, code: str) -> Status:
    """How a page shows status `code` of `kind`. An unknown code is shown as it is, in grey."""
    return STATUSES[kind].get(code, Status(code or "—", "idle", "question-mark-circle"))

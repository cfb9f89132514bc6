"""What a proof reports: a table for people, one JSON object for programs, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns.services.killpoints import POINTS
from leads_infinitos.portal.proof.reconcile import Findings

MOST_GATEWAY_CPU = 0.8  # above it the gateway was the bottleneck, and the run says little about the sender
FAULTS = {
    "duplicates": "Mensagens aceitas duas vezes",
    "over_pace": "Envios antes do intervalo do número",
    "over_limit": "Envios acima de um limite diário",
    "cross_account": "Mensagens de uma conta pelo número de outra",
    "unexplained": "Linhas que o outro livro não explica",
}


@dataclass(frozen=True, slots=True)
class Report:
    """One finished proof. `form`: what it ran on. `inflicted`: what went wrong on purpose, besides kills."""

    form: str
    seed: int
    findings: Findings
    kills: Mapping[str, int]
    inflicted: Mapping[str, int]
    size: Mapping[str, int]
    gateway_cpu: float | None
    elapsed_s: float
    broken: str = ""
    examples: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def void(self) -> bool:
        return self.gateway_cpu is not None and self.gateway_cpu > MOST_GATEWAY_CPU

    @property
    def exit_code(self) -> int:
        return int(any(self.findings.faults.values()))

    def as_json(self) -> str:
        """One line."""
        found = self.findings
        fields: dict[str, object] = {
            "sends": found.sends,
            "kills": {point: self.kills.get(point, 0) for point in POINTS},
            **found.faults,
            "unconfirmed": found.unconfirmed,
            "unconfirmed_left": found.unconfirmed_left,
            "settled_share": found.settled_share,
            "gateway_cpu": self.gateway_cpu,
            "void": self.void,
            "elapsed_s": round(self.elapsed_s, 1),
            "form": self.form,
            "seed": self.seed,
            "broken": self.broken or None,
            "why": dict(found.why),
            "inflicted": dict(self.inflicted),
            **self.size,
        }
        return json.dumps(fields)

    def rows(self) -> list[tuple[str, str, str]]:
        """(what, value, key) of the table."""
        found = self.findings
        share, cpu = found.settled_share, self.gateway_cpu
        rows: list[tuple[str, object, str]] = [
            ("Onde rodou", self.form, "form"),
            ("Aceitas pelo gateway", found.sends, "sends"),
            *(("Processo morto: " + point, self.kills.get(point, 0), "kills") for point in POINTS),
            *((name, count, "inflicted") for name, count in self.inflicted.items()),
            *((words, found.faults[key], key) for key, words in FAULTS.items()),
            ("Ficaram incertas", found.unconfirmed, "unconfirmed"),
            ("Continuam incertas", found.unconfirmed_left, "unconfirmed_left"),
            ("Incertas aceitas, resolvidas sem ninguém", _percent(share), "settled_share"),
            ("CPU do gateway", _percent(cpu) + (" (prova nula)" if self.void else ""), "gateway_cpu"),
            ("Duração, em segundos", f"{self.elapsed_s:.0f}", "elapsed_s"),
        ]
        return [(what, str(value), key) for what, value, key in rows]


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share * 100:.1f} %"

"""The instances: one WhatsApp number each, with its session, webhook, faults and counters."""

from __future__ import annotations

import enum
import re
import secrets
import time
import zlib
from dataclasses import dataclass, field

from leads_infinitos.sandbox.mega.faults import FaultPlan

RESTART_S = 2.0  # a restarted instance is `connecting` for a few seconds and then has its session back
QR_ROTATES_S = 20.0
QR_ROTATIONS = 5  # then the code goes stale until a restart
KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")
PHONE = re.compile(r"[0-9]{8,15}")
SECRET = re.compile(r"[!-~]{1,200}")


class Status(enum.StrEnum):
    CONNECTED = "connected"
    CONNECTING = "connecting"
    DISCONNECTED = "disconnected"


@dataclass
class Webhook:
    """Where events of the instance go, and how the acks of a send arrive there."""

    url: str = ""
    enabled: bool = True
    acks: tuple[int, ...] = (2, 3)  # 2 sent, 3 delivered, 4 read; empty: none
    delay_ms: int = 40  # before each ack
    swapped: bool = False  # last one first
    duplicated: bool = False
    before_answer: bool = False  # all acks arrive before the send is answered
    echo: bool = False  # also post the message back with fromMe
    posted: int = 0
    failed: int = 0  # no answer, or not 2xx: there is no second attempt

    @property
    def active(self) -> bool:
        return self.enabled and bool(self.url)


@dataclass
class Instance:
    key: str
    token: str
    phone: str  # digits of the connected number
    name: str
    demo: bool = False
    webhook: Webhook = field(default_factory=Webhook)
    faults: FaultPlan = field(default_factory=FaultPlan)
    sends: int = 0
    accepted: int = 0
    checks: int = 0
    status_reads: int = 0
    pairing_code: str = ""
    _status: Status = Status.CONNECTED
    _connecting_until: float = 0.0
    _qr_since: float | None = None

    def __post_init__(self) -> None:
        self.bearer = f"Bearer {self.token}"

    @property
    def jid(self) -> str:
        return f"{self.phone}@s.whatsapp.net"

    @property
    def connected(self) -> bool:
        return self.status is Status.CONNECTED

    @property
    def status(self) -> Status:
        if self._status is Status.CONNECTED and self._connecting_until and time.monotonic() < self._connecting_until:
            return Status.CONNECTING
        return self._status

    def become(self, status: Status) -> bool:
        """Take a new status; True when it changed. A new session starts with a new QR code."""
        changed = self.status is not status
        self._status = status
        self._connecting_until = 0.0
        self._qr_since = None
        self.pairing_code = ""
        return changed

    def restart(self) -> None:
        """A session is kept, so the instance comes back by itself; without one, a new QR code is made."""
        self._connecting_until = time.monotonic() + RESTART_S
        self._qr_since = None

    def qr_rotation(self) -> int | None:
        """Which QR code is shown now, from 0; None on the first reading, while the engine still makes it."""
        now = time.monotonic()
        if self._qr_since is None:
            self._qr_since = now
            return None
        return min(int((now - self._qr_since) / QR_ROTATES_S), QR_ROTATIONS - 1)

    def as_json(self) -> dict[str, object]:
        hook = self.webhook
        return {
            "key": self.key,
            "token": self.token,
            "phone": self.phone,
            "name": self.name,
            "status": self.status,
            "demo": self.demo,
            "sends": self.sends,
            "accepted": self.accepted,
            "checks": self.checks,
            "status_reads": self.status_reads,
            "pairing_code": self.pairing_code,
            "faults": self.faults.as_json(),
            "webhook": {
                "url": hook.url,
                "enabled": hook.enabled,
                "acks": list(hook.acks),
                "delay_ms": hook.delay_ms,
                "swapped": hook.swapped,
                "duplicated": hook.duplicated,
                "before_answer": hook.before_answer,
                "echo": hook.echo,
                "posted": hook.posted,
                "failed": hook.failed,
            },
        }


def new_instance(key: str) -> Instance:
    """A connected instance with a token of its own, and a number that only this key has."""
    return Instance(
        key=key,
        token=secrets.token_hex(8),
        phone=f"55119{zlib.crc32(key.encode()) % 10**8:08d}",
        name="Loja Exemplo",
    )


def demo_instances() -> list[Instance]:
    """Four connected numbers, and a fifth that waits for its QR code."""
    instances = [
        Instance(
            key=f"megasandbox-{n}",
            token=f"token-megasandbox-{n}",
            phone=f"551190000000{n}",
            name=f"Loja Exemplo {n}",
            demo=True,
        )
        for n in range(1, 6)
    ]
    instances[-1].become(Status.DISCONNECTED)
    return instances

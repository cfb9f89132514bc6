"""What can be made to go wrong, for the next calls of an instance or for a magic number."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Fault(enum.StrEnum):
    """One way a call goes wrong. Those in `ACCEPTING` happen after WhatsApp has taken the message."""

    ERROR_TRUE = "error_true"
    BAD_GATEWAY = "bad_gateway"
    GATEWAY_TIMEOUT = "gateway_timeout"
    HTML_404 = "html_404"
    HANG_AFTER_ACCEPT = "hang_after_accept"
    HANG_BEFORE_ACCEPT = "hang_before_accept"
    EMPTY_200 = "empty_200"
    PARTIAL_200 = "partial_200"
    DROP_AFTER_ACCEPT = "drop_after_accept"
    DROP_BEFORE_ACCEPT = "drop_before_accept"
    DISCONNECTED = "disconnected"
    RATE_LIMITED = "rate_limited"
    NOT_REGISTERED = "not_registered"


ACCEPTING = frozenset(
    {
        Fault.HANG_AFTER_ACCEPT,
        Fault.EMPTY_200,
        Fault.PARTIAL_200,
        Fault.DROP_AFTER_ACCEPT,
        Fault.GATEWAY_TIMEOUT,
    }
)


class Call(enum.StrEnum):
    """The calls that a fault can be set for."""

    SEND = "send"
    CHECK = "check"
    STATUS = "status"


@dataclass
class FaultPlan:
    """The faults of one instance: which, on which calls, and how often."""

    fault: Fault | None = None
    calls: frozenset[Call] = frozenset({Call.SEND})
    times: int | None = None  # how many more calls meet it; None: until it is cleared
    every: int = 1  # only each n-th of those calls
    latency_ms: int = 0  # of every call in `calls`, counted from when a send was accepted
    retry_after_s: int = 30
    hang_s: int = 120
    _seen: int = 0

    def take(self, call: Call) -> Fault | None:
        """The fault that this call meets, counting it."""
        if self.fault is None or call not in self.calls:
            return None
        self._seen += 1
        if self._seen % self.every:
            return None
        fault = self.fault
        if self.times is not None:
            self.times -= 1
            if self.times <= 0:
                self.fault = None
        return fault

    def as_json(self) -> dict[str, object]:
        return {
            "fault": self.fault,
            "calls": sorted(self.calls),
            "times": self.times,
            "every": self.every,
            "latency_ms": self.latency_ms,
            "retry_after_s": self.retry_after_s,
            "hang_s": self.hang_s,
        }

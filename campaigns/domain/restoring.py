"""Whether a database may send: is it the one that sent last, and does it know all that was sent? Values in, verdict out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

UNREAD = "?"  # a part of the fingerprint that this role may not read: it is not compared

Fingerprint = Mapping[str, str]


class Stop(StrEnum):
    """Why nothing is sent."""

    BEHIND = "database_behind"  # older than its witness: what was sent since shows as queued
    COPIED = "database_copied"  # another server, file or installation than the one that was confirmed
    WITNESS_MISSING = "witness_missing"  # messages were sent, and nobody outside can say how many
    UNREACHABLE = "witness_unreachable"  # for the moment; ends by itself


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """The guard's answer with the values compared. `stop` empty: it may send. `behind`: sends that the database lacks."""

    stop: Stop | None = None
    is_new: bool = False  # nothing was ever sent here and there is no witness: it may send, once both are written
    ledger: int = 0
    witness: int | None = None
    behind: int = 0
    changed: tuple[str, ...] = ()  # parts of the fingerprint that differ

    @property
    def may_send(self) -> bool:
        return self.stop is None

    @property
    def needs_operator(self) -> bool:
        """Whether only a person's confirmation ends it."""
        return self.stop is not None and self.stop is not Stop.UNREACHABLE


def judge(*, ledger: int, witness: int | None, confirmed: Fingerprint, present: Fingerprint) -> GuardVerdict:
    """`ledger` is read from the database after `witness` was read, so that a send in between never looks like a loss.

    `confirmed` is the fingerprint the database was last allowed to send under, empty before its first claim.
    """
    changed = differing(confirmed, present)
    if witness is not None and witness > ledger:
        return GuardVerdict(Stop.BEHIND, False, ledger, witness, witness - ledger, changed)
    if witness is None and ledger == 0:
        return GuardVerdict(is_new=True)
    if witness is None:
        return GuardVerdict(Stop.WITNESS_MISSING, False, ledger, witness, 0, changed)
    if not confirmed and ledger == 0:  # the process that was first ended between its two writes
        return GuardVerdict(is_new=True, witness=witness)
    stop = Stop.COPIED if changed or not confirmed else None
    return GuardVerdict(stop, False, ledger, witness, 0, changed)


def differing(confirmed: Fingerprint, present: Fingerprint) -> tuple[str, ...]:
    """The parts that both could read and that are not the same."""
    return tuple(
        sorted(
            part
            for part, value in confirmed.items()
            if UNREAD not in (value, present.get(part, UNREAD)) and present.get(part) != value
        )
    )

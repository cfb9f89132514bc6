"""A database that was restored or copied does not send until an operator confirms it (docs/sending.md).

The witness is read before the database, and raised after it: so a database that is behind its witness has lost something.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from campaigns.domain.restoring import UNREAD, GuardVerdict, Stop, judge
from campaigns.domain.states import CampaignStatus
from campaigns.errors import NothingToConfirm, WitnessSilent
from campaigns.gateways.witness import Witness, WitnessUnreachable, witness_at
from campaigns.models import Attempt, Campaign, Installation
from campaigns.services import locks, sql

logger = logging.getLogger("campaigns")

_noted: Stop | None = None  # the last verdict this process wrote to its log
_random_id = ""  # of the database this process talks to; read anew when it turns out to be another


def check() -> GuardVerdict:
    """What the guard says, before every claim. A new installation gets its fingerprint and its witness here."""
    verdict = look()
    if verdict.is_new:
        verdict = _begin()
    _note(verdict)
    return verdict


def look() -> GuardVerdict:
    """What the guard says now; writes nothing. One read of the witness and one query."""
    verdict = _look()
    # Another process may have begun between our two reads: a refusal is looked at twice.
    return verdict if verdict.may_send else _look()


def raise_mark(count: int) -> None:
    """Note that so many messages were claimed: after the claim's commit, before anything is sent.

    Where that fails the messages leave all the same, for their claims are committed; the next claim is refused if the
    witness stays away.
    """
    try:
        rows = sql.execute(
            "UPDATE campaigns_installation SET ledger_mark = ledger_mark + %s WHERE id = 1 RETURNING random_id, ledger_mark",
            [count],
        )
        for random_id, mark in rows:
            _witness(random_id).raise_to(mark)
    except WitnessUnreachable:
        logger.exception("restore_guard.mark_not_raised")
    except DatabaseError:
        logger.exception("restore_guard.mark_not_raised")
        connection.close_if_unusable_or_obsolete()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation did: the verdict it answered, and how many campaigns wait for their owners now."""

    verdict: GuardVerdict
    paused: int


def confirm(*, by: User | None, now: dt.datetime) -> Confirmed:
    """Let this database send. Every running and scheduled campaign is paused in the same transaction: its queue may hold
    what was sent already, and its owner decides. Raises NothingToConfirm, WitnessSilent.
    """
    verdict = look()
    if verdict.may_send:
        raise NothingToConfirm
    if not verdict.needs_operator:
        raise WitnessSilent
    with transaction.atomic():
        row = _lock_installation()
        lanes, paused = _pause_everything()
        row.fingerprint, row.ledger_mark = fingerprint(), max(row.ledger_mark, verdict.witness or 0)
        row.confirmed_at, row.confirmed_by, row.confirmed_behind = now, by, verdict.behind
        row.save()
        locks.wake(lanes, now=now)
    # Only now: a witness that were written first would lift the guard of a transaction that failed.
    try:
        _witness(row.random_id).raise_to(row.ledger_mark)
    except WitnessUnreachable as error:
        raise WitnessSilent from error
    logger.warning("restore_guard.confirmed", extra={"stop": verdict.stop, "behind": verdict.behind, "paused": paused})
    return Confirmed(verdict, paused)


def fingerprint() -> dict[str, str]:
    """What tells this database from a restored or copied one: installation, server and database."""
    if connection.vendor == "postgresql":
        place = connection.settings_dict
        server, database = _server(f"{place['HOST']}:{place['PORT']}/{place['NAME']}")
    else:
        server, database = _file(str(connection.settings_dict["NAME"]))
    return {"installation": settings.INSTALLATION_ID, "server": server, "database": database}


@functools.lru_cache(maxsize=4)
def _server(place: str) -> tuple[str, str]:
    """The server's identifier and the database's number there, which a restore into another database changes. They
    cannot change within a process.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        database = str(cursor.fetchone()[0])
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT system_identifier FROM pg_control_system()")
            return str(cursor.fetchone()[0]), database
    except DatabaseError:  # some hosts keep it from their customers
        logger.info("restore_guard.server_unread")
        return UNREAD, database


def _file(name: str) -> tuple[str, str]:
    try:
        return str(Path(name).resolve()), str(os.stat(name).st_ino)
    except OSError:
        return UNREAD, UNREAD


def _witness(random_id: str) -> Witness:
    url = settings.WITNESS_URL
    return witness_at(url, installation=settings.INSTALLATION_ID, random_id=random_id)


def _look() -> GuardVerdict:
    global _random_id
    for _ in range(2):
        try:
            seen = _witness(_random_id).read() if _random_id else None
        except WitnessUnreachable:
            return GuardVerdict(Stop.UNREACHABLE)
        row = Installation.objects.filter(pk=1).first()
        if row is None:
            return GuardVerdict(is_new=True)
        if row.random_id == _random_id:
            return judge(ledger=row.ledger_mark, witness=seen, confirmed=row.fingerprint, present=fingerprint())
        _random_id = row.random_id  # the first look of this process, or another database: ask its own witness
    return GuardVerdict(Stop.UNREACHABLE)  # the row changed under both looks


def _begin() -> GuardVerdict:
    """Give a database that never sent its fingerprint and its witness; safe when several processes begin at once."""
    with transaction.atomic():
        row = _lock_installation()
        if row.ledger_mark == 0:
            row.fingerprint = fingerprint()
            row.save(update_fields=["fingerprint"])
            try:
                _witness(row.random_id).raise_to(0)
            except WitnessUnreachable:
                return GuardVerdict(Stop.UNREACHABLE)
    return look()


def _lock_installation() -> Installation:
    """The one row, locked. Where it is missing beside attempts, somebody took it away: then it is not a new installation."""
    made = {"random_id": secrets.token_hex(16), "ledger_mark": int(Attempt.objects.exists())}
    Installation.objects.get_or_create(pk=1, defaults=made)
    return Installation.objects.select_for_update(no_key=True).get(pk=1)


def _pause_everything() -> tuple[list[int], int]:
    """Pause what runs or waits for its time; gives the lanes to wake, and how many campaigns it was."""
    wanted = Campaign.objects.filter(status__in=(CampaignStatus.RUNNING, CampaignStatus.SCHEDULED))
    rows = list(wanted.values_list("pk", "account_id"))
    accounts = sorted({account_id for _, account_id in rows})
    for account_id in accounts:
        locks.lock_account(account_id)
    lanes = locks.lock_lanes(account_ids=accounts)
    locked = locks.lock_campaigns([pk for pk, _ in rows])
    paused = wanted.filter(pk__in=locked).update(status=CampaignStatus.PAUSED, pause_reason="restored")
    return list(lanes), paused


def _note(verdict: GuardVerdict) -> None:
    """One line when the verdict changes, not one for each claim."""
    global _noted
    if verdict.stop != _noted:
        extra = {"stop": verdict.stop, "behind": verdict.behind, "changed": ",".join(verdict.changed)}
        if verdict.stop:
            logger.error("restore_guard.stopped", extra=extra)
        else:
            logger.warning("restore_guard.released")
        _noted = verdict.stop

"""Imports: stored when a file arrives, run when their turn comes, one batch per transaction.

An import belongs to whoever holds its lease (`claimed_until`, renewed by every batch). A worker that dies leaves a lease that
ends; the next one goes on after the last line that was written, so no row is lost, counted twice or made twice.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import traceback
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db.models import F, Q, QuerySet

from accounts.models import Account, User
from extraction.errors import ImportNotFailed, UnknownDdd, UploadTooLarge
from extraction.models import LeadImport, LeadList
from extraction.services.import_run import Lease, LeaseLost, process
from extraction.services.lists import get_or_create_list
from leads_infinitos.kernel.phone import DDDS

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=120)  # longer than the slowest step between two batches: surveying a file of 20 MB
RETRY_AFTER = dt.timedelta(seconds=30)
MAX_TRIES = 3  # a file that kills its worker must not do so for ever
# Imports keep a processor busy, and in the embedded process the sender shares it.
MAX_RUNNING = 3
Status = LeadImport.Status


def create_import(
    *,
    account: Account,
    lead_list: LeadList | str,
    upload: File[Any],
    default_ddd: str,
    by: User | None,
    now: dt.datetime,
) -> LeadImport:
    """A queued import of `upload` into the account's list. An empty file is taken too: reading it says why it is refused.

    `lead_list` may be the name of one, which is made where the account has none. `default_ddd` completes numbers without a
    DDD; "" for none. Raises UploadTooLarge, UnknownDdd, ListNameMissing, LeadList.DoesNotExist, and has made no list then.
    """
    return _store(account, lead_list, upload, default_ddd, by, now, Status.QUEUED, None)


def import_now(
    *,
    account: Account,
    lead_list: LeadList | str,
    upload: File[Any],
    default_ddd: str,
    by: User | None,
    now: dt.datetime,
) -> LeadImport:
    """The import of `upload`, run to its end before this returns; no worker can take it meanwhile. Raises as `create_import`."""
    lead_import = _store(account, lead_list, upload, default_ddd, by, now, Status.RUNNING, now + LEASE)
    _run(Lease(lead_import.pk, until=now + LEASE, taken_at=now, length=LEASE), lambda: True)
    lead_import.refresh_from_db()
    return lead_import


def retry_import(*, lead_import: LeadImport) -> None:
    """Put an interrupted import back in the queue; it goes on where it stopped. Raises ImportNotFailed."""
    waiting = LeadImport.objects.filter(pk=lead_import.pk, status=Status.FAILED)
    if not waiting.update(status=Status.QUEUED, reason="", tries=0, claimed_until=None, finished_at=None):
        raise ImportNotFailed


def run_due(*, now: dt.datetime, keep_going: Callable[[], bool] = lambda: True, limit: int = 10) -> int:
    """Run what waits, oldest first and one per account at a time; how many were taken.

    Any number of processes may do so at once. When `keep_going` turns false, a running import is handed back between batches.
    """
    taken = 0
    while taken < limit and keep_going() and (lease := _claim_next(now=now)) is not None:
        taken += 1
        _run(lease, keep_going)
    return taken


def _store(
    account: Account,
    lead_list: LeadList | str,
    upload: File[Any],
    default_ddd: str,
    by: User | None,
    now: dt.datetime,
    status: str,
    claimed_until: dt.datetime | None,
) -> LeadImport:
    if upload.size > settings.UPLOAD_MAX_BYTES:
        raise UploadTooLarge(limit_mb=settings.UPLOAD_MAX_BYTES // 2**20)
    if default_ddd and default_ddd not in DDDS:
        raise UnknownDdd(ddd=default_ddd)
    if isinstance(lead_list, str):
        lead_list = get_or_create_list(account=account, name=lead_list, now=now)
    if lead_list.account_id != account.pk:
        raise LeadList.DoesNotExist
    lead_import = LeadImport(
        account=account,
        list=lead_list,
        upload_name=_shown_name(upload.name),
        bytes=upload.size,
        default_ddd=default_ddd,
        status=status,
        claimed_until=claimed_until,
        tries=1 if claimed_until else 0,
        created_by=by,
        created_at=now,
    )
    # Nothing of the given name reaches the file system.
    lead_import.file.save(secrets.token_hex(16), upload, save=False)
    lead_import.save()
    return lead_import


def _shown_name(name: str | None) -> str:
    """The name as people will read it: its last part, printable, at most 200 characters with its ending."""
    base = PurePosixPath((name or "").replace("\\", "/")).name
    base = "".join(char for char in base if char.isprintable()).strip() or "planilha"
    return base if len(base) <= 200 else f"{base[:180]}…{base[-19:]}"


def _waiting(now: dt.datetime) -> QuerySet[LeadImport]:
    """Imports that nobody works on: queued ones, and running ones whose worker is gone."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    return LeadImport.objects.filter(free, status__in=[Status.QUEUED, Status.RUNNING])


def _claim_next(*, now: dt.datetime) -> Lease | None:
    busy = LeadImport.objects.filter(status=Status.RUNNING, claimed_until__gte=now)
    busy_accounts = set(busy.values_list("account_id", flat=True))
    if busy.count() >= MAX_RUNNING:
        return None
    waiting = _waiting(now).exclude(account_id__in=busy_accounts).order_by("created_at", "id")
    for pk, claimed_until, tries in list(waiting.values_list("pk", "claimed_until", "tries")[:10]):
        until = now + LEASE
        if tries >= MAX_TRIES:
            _give_up(pk, claimed_until, now=now)
            continue
        mine = LeadImport.objects.filter(pk=pk, claimed_until=claimed_until, status__in=[Status.QUEUED, Status.RUNNING])
        if mine.update(status=Status.RUNNING, claimed_until=until, tries=F("tries") + 1):
            return Lease(pk, until=until, taken_at=now, length=LEASE)
    return None


def _give_up(pk: int, claimed_until: dt.datetime | None, *, now: dt.datetime) -> None:
    waiting = LeadImport.objects.filter(pk=pk, claimed_until=claimed_until)
    if waiting.update(status=Status.FAILED, reason="interrupted", claimed_until=None, finished_at=now):
        logger.error("import.given_up", extra={"import_id": pk})


def _run(lease: Lease, keep_going: Callable[[], bool]) -> None:
    """Process what the lease holds. A crash is noted and left for a later try; it must not stop other imports."""
    try:
        process(lease, keep_going)
    except LeaseLost:
        logger.warning("import.lease_lost", extra={"import_id": lease.import_id})
    except Exception as error:  # noqa: BLE001 - the outer edge of a worker
        # Class and place only: the text of a database error holds phone numbers.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename}:{frame.lineno}"
        logger.error(
            "import.crashed",
            extra={"import_id": lease.import_id, "error": type(error).__name__, "where": where},
        )
        _rest(lease)


def _rest(lease: Lease) -> None:
    mine = LeadImport.objects.filter(pk=lease.import_id, status=Status.RUNNING, claimed_until=lease.until)
    mine.update(claimed_until=lease.now() + RETRY_AFTER)

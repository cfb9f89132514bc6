"""One import at work: the file is read lazily and every batch of rows becomes leads, rows and counters in one transaction."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.db.models import F, Max

from extraction.domain.reading import Reading, read_spreadsheet
from extraction.domain.rows import Outcome, Row
from extraction.models import ImportRow, Lead, LeadImport, LeadList, Source
from extraction.services.storable import storable, storable_cells, storable_json

logger = logging.getLogger(__name__)

BATCH = 500  # rows; on SQLite a batch is one write lock, of about 50 ms
# What a spreadsheet program holds. Blank lines cost the sender of a file nothing, and us a row each.
MAX_ROWS = 1_048_576
ALREADY_IN_LIST = "already_in_list"


class LeaseLost(Exception):
    """Somebody else works on the import now, or it is gone: what we hold must not be written."""


@dataclass
class Lease:
    """The right to work on one import until `until`; each batch renews it."""

    import_id: int
    until: dt.datetime
    taken_at: dt.datetime
    length: dt.timedelta
    _started_s: float = field(default_factory=time.monotonic)

    def now(self) -> dt.datetime:
        """The present, counted from when the lease was taken."""
        return self.taken_at + dt.timedelta(seconds=time.monotonic() - self._started_s)

    def renew(self, **changes: object) -> None:
        """Hold the import for longer, with these changes. Raises LeaseLost."""
        until = self.now() + self.length
        self._write(claimed_until=until, **changes)
        self.until = until

    def end(self, **changes: object) -> None:
        """Give the import back with these changes. Raises LeaseLost."""
        self._write(claimed_until=None, **changes)

    def _write(self, **changes: object) -> None:
        mine = LeadImport.objects.filter(pk=self.import_id, status=LeadImport.Status.RUNNING, claimed_until=self.until)
        if not mine.update(**changes):
            raise LeaseLost


def process(lease: Lease, keep_going: Callable[[], bool]) -> None:
    """Read the file and write its rows, after those that an earlier try wrote. Raises LeaseLost."""
    lead_import = LeadImport.objects.filter(pk=lease.import_id).first()
    if lead_import is None:
        raise LeaseLost
    reading = read_spreadsheet(Path(lead_import.file.path), default_ddd=lead_import.default_ddd or None)
    reason, expected = reading.reason, 0
    if reason is None:
        expected = _expected_rows(reading)
        reason = "too_many_rows" if expected > MAX_ROWS else None
    if reason is not None:
        lease.end(status=LeadImport.Status.REJECTED, reason=reason, finished_at=lease.now())
        logger.info("import.rejected", extra={"import_id": lease.import_id, "reason": reason})
        return
    lease.renew(read=storable_json(reading.read), rows_in_file=expected)
    source = Source.MAPS if reading.layout and reading.layout.place_id_col is not None else Source.SPREADSHEET
    written = ImportRow.objects.filter(lead_import=lead_import).aggregate(last=Max("line"))["last"] or 0
    for batch in _batches(row for row in reading.rows() if row.line > written):
        if not keep_going():
            # Handed back, not failed: the next worker may take it at once, and the try does not count.
            lease.end(tries=F("tries") - 1)
            return
        _write_batch(lease, lead_import, batch, source)
    _finish(lease)


def _expected_rows(reading: Reading) -> int:
    """About how many rows will come, for the progress shown: walking the table costs a thirtieth of judging its rows."""
    if reading.table is None or reading.layout is None:
        return 0
    walked = sum(1 for _ in islice(reading.table.rows(), MAX_ROWS + reading.layout.first_row + 1))
    return max(0, walked - reading.layout.first_row)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _write_batch(lease: Lease, lead_import: LeadImport, batch: Sequence[Row], source: str) -> None:
    with transaction.atomic():
        # List before import, as deleting a list does. The list's lock also keeps two imports of one list apart.
        lead_list = LeadList.objects.select_for_update(no_key=True).filter(pk=lead_import.list_id).first()
        if lead_list is None:
            raise LeaseLost
        created = _create_leads(lead_import, batch, source, now=lease.now())
        rows = [_settled(row, created) for row in batch]
        ImportRow.objects.bulk_create(_import_row(lead_import, row) for row in rows)
        contactable = sum(row.contactable for row in rows)
        outcomes = Counter(row.outcome for row in rows)
        counters = {
            f"{outcome.value}_count": F(f"{outcome.value}_count") + count for outcome, count in outcomes.items()
        }
        lease.renew(
            rows_done=F("rows_done") + len(rows), contactable_count=F("contactable_count") + contactable, **counters
        )
        _move_list_counters(lead_list, rows, contactable, source)


def _create_leads(lead_import: LeadImport, batch: Sequence[Row], source: str, *, now: dt.datetime) -> set[str]:
    """Store the leads that the list does not hold yet; the phones that became leads."""
    leads = [
        Lead(
            account_id=lead_import.account_id,
            list_id=lead_import.list_id,
            name=storable(row.name or "", 300),
            phone=row.phone,
            kind=row.kind or "",
            contactable=row.contactable,
            reason="" if row.contactable else row.kind or "",
            wa_candidates=list(row.wa_ids),
            city=storable(row.city, 120),
            uf=storable(row.uf, 40),
            email=storable(row.email, 254),
            variables=_variables(row),
            place_id=storable(row.place_id or "", 200),
            source=source,
            lead_import=lead_import,
            line=row.line,
            created_at=now,
        )
        for row in batch
        if row.outcome is Outcome.CREATED
    ]
    Lead.objects.bulk_create(leads, ignore_conflicts=True)  # lead_once_per_phone: the list keeps what it had
    mine = Lead.objects.filter(
        list_id=lead_import.list_id, lead_import=lead_import, phone__in=[lead.phone for lead in leads]
    )
    return {phone for phone in mine.values_list("phone", flat=True) if phone}


def _variables(row: Row) -> dict[str, str]:
    return {key: storable(value, 1_000) for key, value in row.variables.items()}


def _settled(row: Row, created: set[str]) -> Row:
    """The row as it came out: one whose phone the list already held is a duplicate of no line of this file."""
    if row.outcome is not Outcome.CREATED or row.phone in created:
        return row
    return replace(row, outcome=Outcome.DUPLICATE, reason=ALREADY_IN_LIST, contactable=False, repair=())


def _import_row(lead_import: LeadImport, row: Row) -> ImportRow:
    return ImportRow(
        lead_import=lead_import,
        line=row.line,
        outcome=row.outcome.value,
        reason=row.reason or "",
        name=storable(row.name or "", 300),
        phone=row.phone or "",
        kind=row.kind or "",
        contactable=row.contactable,
        col=row.col,
        repair=list(row.repair),
        duplicate_of=row.duplicate_of,
        cells=storable_cells(row.cells) if row.outcome is Outcome.REJECTED else [],
    )


def _move_list_counters(lead_list: LeadList, rows: Sequence[Row], contactable: int, source: str) -> None:
    created = [row for row in rows if row.outcome is Outcome.CREATED]
    if not created:
        return
    if not lead_list.lead_count:
        lead_list.source = source
    lead_list.lead_count += len(created)
    lead_list.contactable_count += contactable
    lead_list.variable_keys = sorted({*lead_list.variable_keys, *(key for row in created for key in row.variables)})
    lead_list.save(update_fields=["source", "lead_count", "contactable_count", "variable_keys"])


def _finish(lease: Lease) -> None:
    # import_rows_add_up: the database refuses an import whose rows do not add up.
    lease.end(status=LeadImport.Status.DONE, rows_in_file=F("rows_done"), finished_at=lease.now())
    logger.info("import.done", extra={"import_id": lease.import_id})

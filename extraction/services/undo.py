"""Takes an import out of its list again, except for leads that something used. The import and its rows stay as history."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain

from django.db import transaction

from extraction.errors import ImportNotFinished
from extraction.models import Lead, LeadImport, LeadList

CHUNK = 500

LeadUse = Callable[[Sequence[int]], set[int]]
"""Which of these lead ids are used. Called inside the undoing transaction."""

_uses: list[LeadUse] = []


def register_lead_use(use: LeadUse) -> None:
    """Have `use` asked which leads must stay. A higher app does this in its `AppConfig.ready()`."""
    if use not in _uses:
        _uses.append(use)


def unregister_lead_use(use: LeadUse) -> None:
    """Undo `register_lead_use`; nothing happens when it is not registered."""
    if use in _uses:
        _uses.remove(use)


def undo_import(*, lead_import: LeadImport, now: dt.datetime) -> int:
    """Remove the leads that this import made and nothing used; how many went. Raises ImportNotFinished."""
    with transaction.atomic():
        # List before import, as a running import locks them.
        lead_list = LeadList.objects.select_for_update(no_key=True).get(pk=lead_import.list_id)
        locked = LeadImport.objects.select_for_update(no_key=True).get(pk=lead_import.pk)
        if locked.status != LeadImport.Status.DONE or locked.undone_at is not None:
            raise ImportNotFinished
        went: Counter[str] = Counter()
        ids = list(Lead.objects.filter(lead_import=locked).order_by("id").values_list("pk", flat=True))
        for start in range(0, len(ids), CHUNK):
            went += _remove(ids[start : start + CHUNK])
        locked.undone_at, locked.undone_count = now, went["leads"]
        locked.save(update_fields=["undone_at", "undone_count"])
        lead_list.lead_count -= went["leads"]
        lead_list.contactable_count -= went["contactable"]
        lead_list.variable_keys = _keys_in_use(lead_list)
        lead_list.save(update_fields=["lead_count", "contactable_count", "variable_keys"])
    return went["leads"]


def _remove(ids: Sequence[int]) -> Counter[str]:
    used = set(chain.from_iterable(use(ids) for use in list(_uses)))
    leads = Lead.objects.filter(pk__in=[pk for pk in ids if pk not in used])
    gone = Counter(leads=leads.count(), contactable=leads.filter(contactable=True).count())
    leads.delete()
    return gone


def _keys_in_use(lead_list: LeadList) -> list[str]:
    keys: set[str] = set()
    for variables in Lead.objects.filter(list=lead_list).values_list("variables", flat=True).iterator(chunk_size=CHUNK):
        keys.update(variables)
    return sorted(keys)

"""Makes, renames and deletes lists. What a higher app builds on a list, it says through a guard."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from django.db import IntegrityError, transaction
from django.db.models.fields.files import FieldFile

from accounts.models import Account
from extraction.errors import ListInUse, ListNameMissing, ListNameTaken
from extraction.models import LeadImport, LeadList, Source

NAME_MAX_CHARS = 120


@dataclass(frozen=True)
class ListUse:
    """What a higher app holds of a list."""

    open_names: tuple[str, ...] = ()  # what still needs the list; while there is any, it cannot be deleted
    kept_count: int = 0  # leads that stay in the other app as its own snapshot


class Guard(Protocol):
    """Says what a higher app holds of a list. Called inside the deleting transaction too, with the list's row locked."""

    def __call__(self, *, lead_list: LeadList) -> ListUse: ...


_guards: list[Guard] = []


def register_guard(guard: Guard) -> None:
    """Have `guard` asked before a list is deleted. A higher app does this in its `AppConfig.ready()`."""
    if guard not in _guards:
        _guards.append(guard)


def unregister_guard(guard: Guard) -> None:
    """Undo `register_guard`; nothing happens when the guard is not registered."""
    if guard in _guards:
        _guards.remove(guard)


def list_use(*, lead_list: LeadList) -> ListUse:
    """What all higher apps together hold of the list: for the dialogue before deleting, and for the decision."""
    uses = [guard(lead_list=lead_list) for guard in list(_guards)]
    return ListUse(
        open_names=tuple(name for use in uses for name in use.open_names),
        kept_count=sum(use.kept_count for use in uses),
    )


def create_list(*, account: Account, name: str, now: dt.datetime, source: str = Source.SPREADSHEET) -> LeadList:
    """A new, empty list. Raises ListNameMissing, ListNameTaken."""
    name = _checked(name)
    try:
        with transaction.atomic():
            return LeadList.objects.create(account=account, name=name, source=source, created_at=now)
    except IntegrityError as error:  # lead_list_name_once
        raise ListNameTaken(name=name) from error


def get_or_create_list(*, account: Account, name: str, now: dt.datetime) -> LeadList:
    """The account's list of this name, made when there is none. Raises ListNameMissing."""
    name = _checked(name)
    found = LeadList.objects.filter(account=account, name=name).first()
    if found is not None:
        return found
    try:
        return create_list(account=account, name=name, now=now)
    except ListNameTaken:  # another process was faster
        return LeadList.objects.get(account=account, name=name)


def rename_list(*, lead_list: LeadList, name: str) -> None:
    """Call the list by another name. Raises ListNameMissing, ListNameTaken."""
    before, lead_list.name = lead_list.name, _checked(name)
    try:
        with transaction.atomic():
            lead_list.save(update_fields=["name"])
    except IntegrityError as error:  # lead_list_name_once
        taken, lead_list.name = lead_list.name, before
        raise ListNameTaken(name=taken) from error


def delete_list(*, lead_list: LeadList) -> None:
    """Delete the list with its leads, its imports and their files; snapshots in higher apps stay.

    Raises ListInUse while something that is not finished needs it.
    """
    with transaction.atomic():
        # The whole row, not only its key: what would refer to the list from now on waits and then finds it gone.
        locked = LeadList.objects.select_for_update().filter(pk=lead_list.pk).first()
        if locked is None:
            return
        use = list_use(lead_list=locked)
        if use.open_names:
            raise ListInUse(count=len(use.open_names), names=", ".join(use.open_names))
        files = [lead_import.file for lead_import in LeadImport.objects.filter(list=locked)]
        locked.delete()
        for file in files:
            transaction.on_commit(partial(_remove, file))


def _remove(file: FieldFile) -> None:
    if file.name:
        file.storage.delete(file.name)


def _checked(name: str) -> str:
    name = " ".join(name.split())[:NAME_MAX_CHARS].strip()
    if not name:
        raise ListNameMissing
    return name

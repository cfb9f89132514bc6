"""The product's clock: the database's time on PostgreSQL (hosts differ), this machine's on SQLite, plus the sandbox's offset."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import SandboxClock


def now() -> dt.datetime:
    """The present, aware UTC. One query on PostgreSQL, one more where the sandbox is on."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            row = cursor.fetchone()
        present: dt.datetime = row[0].astimezone(dt.UTC)
    else:
        present = timezone.now()
    return present + offset()


def offset() -> dt.timedelta:
    """What the sandbox's virtual clock adds; zero in production."""
    if not settings.SANDBOX:
        return dt.timedelta()
    seconds = SandboxClock.objects.filter(pk=1).values_list("offset_s", flat=True).first()
    return dt.timedelta(seconds=seconds or 0)

"""Has the gateway post a number's events to us: best effort, outside any transaction, tried again until it is taken."""

from __future__ import annotations

import datetime as dt
import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Q

from campaigns.gateways import calls
from campaigns.models import Connection, ConnectionState
from campaigns.services.connections import config_of
from leads_infinitos.kernel.http import is_loopback

logger = logging.getLogger("campaigns")

RETRY = dt.timedelta(minutes=10)
BATCH = 10  # gateway calls of one run, each with its timeout
PATH = "/webhooks/whatsapp/{secret}/"


def address_of(connection: Connection) -> str:
    """Where the connection's events are posted to. A secret: whoever knows it and the instance key may post."""
    return settings.PUBLIC_URL + PATH.format(secret=connection.webhook_secret)


def set_due(*, now: dt.datetime, limit: int = BATCH) -> int:
    """Set the address of every number that is connected and was not told since it connected; gives how many took it.

    A number that was linked anew is told again: its instance may be a new one.
    """
    stale = (
        Q(webhook_tried_at__isnull=True)
        | Q(webhook_tried_at__lt=F("state_since"))
        | Q(webhook_tried_at__lt=now - RETRY)
    )
    unset = Q(webhook_set_at__isnull=True) | Q(webhook_set_at__lt=F("state_since"))
    due = Connection.objects.filter(stale, unset, archived_at__isnull=True, state=ConnectionState.CONNECTED).exclude(
        webhook_digest=""
    )
    count = 0
    for connection in due.order_by("pk")[:limit]:
        Connection.objects.filter(pk=connection.pk).update(webhook_tried_at=now)
        if not _reaches_us(connection):
            continue
        if calls.set_webhook(config_of(connection), url=address_of(connection)):
            Connection.objects.filter(pk=connection.pk).update(webhook_set_at=now)
            count += 1
        else:
            logger.warning("webhook.not_set", extra={"connection_id": connection.pk})
    return count


def _reaches_us(connection: Connection) -> bool:
    """A gateway elsewhere cannot post to this machine: telling it so would only lose the address it has."""
    gateway, ours = urlsplit(connection.base_url).hostname or "", urlsplit(settings.PUBLIC_URL).hostname or ""
    return is_loopback(gateway) or not is_loopback(ours)

"""When each phone was, or may have been, last written to by an account: the memory that outlives lists and campaigns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from campaigns.services import sql

Contact = tuple[int, str, int, int, dt.datetime]  # account, phone, connection, message, when


def remember(contacts: Iterable[Contact]) -> None:
    """Keep the latest contact of each phone."""
    latest: dict[tuple[int, str], Contact] = {}
    for contact in contacts:
        held = latest.get(contact[:2])
        if held is None or held[4] <= contact[4]:
            latest[contact[:2]] = contact
    if not latest:
        return
    text, params = sql.values(sorted(latest.values()), ["bigint", "text", "bigint", "bigint", "timestamptz"])
    sql.execute(
        "INSERT INTO campaigns_contactmemory (account_id, phone, connection_id, message_ref, last_sent_at)"
        f" {text} ON CONFLICT (account_id, phone) DO UPDATE SET connection_id = excluded.connection_id,"
        " message_ref = excluded.message_ref, last_sent_at = excluded.last_sent_at"
        " WHERE campaigns_contactmemory.last_sent_at <= excluded.last_sent_at",
        params,
    )

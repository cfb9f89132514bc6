"""The statistics per campaign and local day: one upsert for any number of changes. They limit nothing."""

from __future__ import annotations

import datetime as dt

from campaigns.services import sql

COLUMNS = ("sent", "failed", "invalid", "unconfirmed", "skipped")


class Days:
    """Changes of UsageDay rows, gathered and written at once."""

    def __init__(self) -> None:
        self._changes: dict[tuple[int, dt.date, int], dict[str, int]] = {}

    def add(self, account_id: int, campaign_id: int, day: dt.date, **changes: int) -> None:
        """Add to the columns of one campaign's day; the columns are those of COLUMNS."""
        row = self._changes.setdefault((account_id, day, campaign_id), dict.fromkeys(COLUMNS, 0))
        for column, change in changes.items():
            row[column] += change

    def write(self) -> None:
        """Apply the changes, creating days that do not exist; in key order."""
        if not self._changes:
            return
        rows: list[tuple[sql.Value, ...]] = [(*key, *counts.values()) for key, counts in sorted(self._changes.items())]
        kinds = ["bigint", "date", "bigint", *["integer"] * len(COLUMNS)]
        text, params = sql.values(rows, kinds)
        names = ", ".join(COLUMNS)
        added = ", ".join(f"{column} = campaigns_usageday.{column} + excluded.{column}" for column in COLUMNS)
        sql.execute(
            f"INSERT INTO campaigns_usageday (account_id, day, campaign_ref, {names}) {text}"
            f" ON CONFLICT (account_id, day, campaign_ref) DO UPDATE SET {added}",
            params,
        )

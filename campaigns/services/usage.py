"""The statistics per campaign and local day: two statements for any number of changes. They limit nothing."""

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
        """Apply the changes, in key order. Missing days are made first, as zeros: a change may be negative, and an upsert
        has its row checked as if it were new.
        """
        if not self._changes:
            return
        keys: list[tuple[sql.Value, ...]] = [(*key, *[0] * len(COLUMNS)) for key in sorted(self._changes)]
        text, params = sql.values(keys, ["bigint", "date", "bigint", *["integer"] * len(COLUMNS)])
        sql.execute(
            f"INSERT INTO campaigns_usageday (account_id, day, campaign_ref, {', '.join(COLUMNS)}) {text}"
            " ON CONFLICT (account_id, day, campaign_ref) DO NOTHING",
            params,
        )
        sql.update_rows(
            "campaigns_usageday",
            columns=[
                ("account_id", "bigint"),
                ("day", "date"),
                ("campaign_ref", "bigint"),
                *((column, "integer") for column in COLUMNS),
            ],
            assign=", ".join(f"{column} = t.{column} + v.{column}" for column in COLUMNS),
            where="t.account_id = v.account_id AND t.day = v.day AND t.campaign_ref = v.campaign_ref",
            rows=[(*key, *counts.values()) for key, counts in sorted(self._changes.items())],
        )

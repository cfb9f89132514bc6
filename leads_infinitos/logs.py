"""One line per log record: time, level, event name, then the `extra` values as key=value. Never log personal data."""

from __future__ import annotations

import logging

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request", "server_time"}


class EventFormatter(logging.Formatter):
    """Formats `logger.info("message.sent", extra={"message_id": 7})` as `… INFO campaigns message.sent message_id=7`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        extra = " ".join(f"{key}={value!r}" for key, value in vars(record).items() if key not in _STANDARD)
        if not extra:
            return line
        head, _, trace = line.partition("\n")
        return f"{head} {extra}" + (f"\n{trace}" if trace else "")

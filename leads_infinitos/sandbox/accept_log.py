"""Every message that "WhatsApp" took, in order: the other side of the product's ledger."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TypedDict


class AcceptedLine(TypedDict):
    n: int  # 1 for the first, without gaps
    wall: float  # seconds since the epoch
    provider: str
    instance: str
    to: str  # digits as the client wrote them
    phone: str  # the same person as E.164 digits, always with the ninth digit; equals `to` when it is no phone
    id: str  # the gateway's message id
    kind: str  # text, image, document, ...
    text: str


class AcceptLog:
    """Lines in memory and, with a path, in a file that is never behind: one unbuffered write for each line.

    A file that already holds lines is continued. A half-written last line, left by a crash, is cut off.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lines: list[bytes] = []
        self._fd: int | None = None
        if path is not None:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            whole = path.read_bytes()
            kept = whole[: whole.rfind(b"\n") + 1]
            if len(kept) != len(whole):
                os.ftruncate(self._fd, len(kept))
            self._lines = kept.splitlines(keepends=True)

    def __len__(self) -> int:
        return len(self._lines)

    def add(
        self, *, provider: str, instance: str, to: str, phone: str, message_id: str, text: str, kind: str = "text"
    ) -> None:
        """Record one accepted message. On the benchmarks' hot path: only `text` may need JSON escaping."""
        line = (
            f'{{"n": {len(self._lines) + 1}, "wall": {time.time():.6f}, "provider": "{provider}", '
            f'"instance": "{instance}", "to": "{to}", "phone": "{phone}", "id": "{message_id}", "kind": "{kind}", '
            f'"text": {json.dumps(text)}}}\n'
        ).encode("ascii")
        self._lines.append(line)
        if self._fd is not None:
            os.write(self._fd, line)

    def dump(self, *, after: int = 0) -> bytes:
        """The lines whose `n` is larger than `after`, as JSON lines."""
        return b"".join(self._lines[max(after, 0) :])

    def last(self, count: int) -> list[AcceptedLine]:
        """The newest `count` lines, oldest first."""
        return [json.loads(line) for line in self._lines[-count:]]

    def clear(self) -> None:
        """Forget everything, in the file too; `n` starts again at 1."""
        self._lines.clear()
        if self._fd is not None:
            os.ftruncate(self._fd, 0)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

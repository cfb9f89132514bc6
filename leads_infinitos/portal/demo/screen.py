"""What the demonstration prints: numbered steps, facts, a live bar and a table."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence

BAR = 30


class Screen:
    """Writes to a terminal or a file; the live bar redraws in place only on a terminal."""

    def __init__(self) -> None:
        self._out = sys.stdout
        self._live = self._out.isatty()
        self._started = time.monotonic()
        self._last = ""

    def step(self, number: int, text: str) -> None:
        self._write(f"\n[{time.monotonic() - self._started:5.1f} s] {number}. {text}\n")

    def fact(self, text: str) -> None:
        self._write(f"    {text}\n")

    def bar(self, name: str, counts: Mapping[str, int]) -> None:
        """One line: how much of the audience has an outcome, and the counts. `counts` starts with the audience."""
        total = next(iter(counts.values()))
        done = sum(list(counts.values())[1:]) - counts.get("na fila", 0)
        filled = BAR * done // max(total, 1)
        words = "  ".join(f"{word} {count}" for word, count in list(counts.items())[1:])
        line = f"    {name:<22} [{'█' * filled}{'·' * (BAR - filled)}] {done}/{total}  {words}"
        if line == self._last:
            return
        self._last = line
        self._write(f"\r{line}\033[K" if self._live else f"{line}\n")

    def end_bar(self) -> None:
        if self._live:
            self._write("\n")
        self._last = ""

    def table(self, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        texts = [[str(cell) for cell in row] for row in [header, *rows]]
        widths = [max(len(row[column]) for row in texts) for column in range(len(header))]
        for index, row in enumerate(texts):
            self._write("    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + "\n")
            if index == 0:
                self._write("    " + "  ".join("─" * width for width in widths) + "\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

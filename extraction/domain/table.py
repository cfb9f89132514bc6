"""What a file looks like once its format is behind us: rows of texts, to be walked as often as needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

MAX_COLUMNS = 16_384  # of a sheet in every program; cells further right are not read


class Table(Protocol):
    """A sheet. Row 0 is the first row a spreadsheet program shows; rows without any cell are yielded too."""

    def rows(self) -> Iterator[list[str]]:
        """Every row from the top, afresh at each call; a row may be shorter or longer than the others."""
        ...

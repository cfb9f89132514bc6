"""A picture that looks like a QR code. It cannot be scanned: the sandbox's page has a button instead."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib

MODULES = 29
QUIET = 4
SCALE = 8


def png_data_url(seed: str) -> str:
    """A `data:image/png;base64,...` URL, the same for the same seed."""
    rows = _grid(seed)
    side = (MODULES + 2 * QUIET) * SCALE
    blank = [False] * (MODULES + 2 * QUIET)
    padded = [blank] * QUIET + [[False] * QUIET + row + [False] * QUIET for row in rows] + [blank] * QUIET
    scanlines = b"".join(
        (b"\x00" + b"".join((b"\x00" if dark else b"\xff") * SCALE for dark in row)) * SCALE for row in padded
    )
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)),
            (b"IDAT", zlib.compress(scanlines)),
            (b"IEND", b""),
        )
    )
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _grid(seed: str) -> list[list[bool]]:
    noise = hashlib.shake_128(seed.encode()).digest(MODULES * MODULES)
    grid = [[noise[y * MODULES + x] % 2 == 1 for x in range(MODULES)] for y in range(MODULES)]
    for top, left in ((0, 0), (0, MODULES - 7), (MODULES - 7, 0)):
        for y in range(-1, 8):
            for x in range(-1, 8):
                if 0 <= top + y < MODULES and 0 <= left + x < MODULES:
                    ring = max(abs(y - 3), abs(x - 3))
                    grid[top + y][left + x] = ring in (0, 1, 3)
    return grid

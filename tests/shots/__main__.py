"""`python -m tests.shots [NAME…]`: every page (or those whose name holds NAME), light and dark, 1280 and 390 px wide.

A database of its own is made and thrown away; the server listens on a free port of this machine. Exits 1 when a page
complains in the console, scrolls sideways at 390 px, or fails an accessibility rule.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_FOLDER = ROOT / "docs" / "screenshots"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.shots", description=__doc__)
    parser.add_argument("names", nargs="*", help="only pages whose name holds one of these")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the pictures go")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="leads-shots-") as folder:
        os.environ.update(
            VAR_DIR=folder,
            ENV_FILE=os.devnull,
            DATABASE_URL="",
            REDIS_URL="",
            DEBUG="true",
            LOG_LEVEL="ERROR",
            DJANGO_SETTINGS_MODULE="leads_infinitos.settings",
            DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright's loop lives in this thread; the ORM never runs inside it
        )
        import django

        django.setup()
        from tests.shots import stage

        faults = stage.shoot(folder=given.folder, names=given.names)
    for fault in faults:
        sys.stdout.write(f"  {fault}\n")
    sys.stdout.write(f"{len(faults)} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

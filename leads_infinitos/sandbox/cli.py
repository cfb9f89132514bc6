"""The command line of `python -m leads_infinitos.sandbox`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from leads_infinitos.sandbox.server import Options, SandboxServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Exit code 0, or 1 when a port is taken."""
    parser = argparse.ArgumentParser(prog="python -m leads_infinitos.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100, help="0 chooses a free one")
    parser.add_argument("--smtp-port", type=int, default=9125, help="0 chooses a free one")
    parser.add_argument("--accept-log", type=Path, help="append each accepted message to this file, and continue it")
    parser.add_argument("--ready-file", type=Path, help="written once listening: port, smtp_port and pid as JSON")
    parser.add_argument("--mega-admin-token", help="act as a dedicated Mega API server: init, list and delete answer")
    chosen = parser.parse_args(arguments)
    options = Options(
        host=chosen.host,
        port=chosen.port,
        smtp_port=chosen.smtp_port,
        accept_log=chosen.accept_log,
        mega_admin_token=chosen.mega_admin_token,
    )
    try:
        asyncio.run(_serve(options, ready_file=chosen.ready_file))
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot start: {error}\n")
        return 1
    return 0


async def _serve(options: Options, *, ready_file: Path | None) -> None:
    server = SandboxServer(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await server.start()
        ready = {"port": server.port, "smtp_port": server.smtp_port, "pid": os.getpid()}
        if ready_file is not None:
            _write_whole(ready_file, json.dumps(ready))
        sys.stdout.write(f"Sandbox: http://{options.host}:{server.port}/  SMTP: {options.host}:{server.smtp_port}\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await server.stop()


def _write_whole(path: Path, content: str) -> None:
    """A reader sees the whole file or none."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(content, encoding="utf-8")
    part.replace(path)

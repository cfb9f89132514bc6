"""Plain HTTP, as a gateway's client and as a webhook's receiver see it."""

from __future__ import annotations

import http.client
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, urlsplit

from leads_infinitos.sandbox.client import MegaInstance

MARIA = "5511987654321"
WAIT_S = 10.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def call(
    method: str,
    url: str,
    *,
    body: object = None,
    headers: dict[str, str] | None = None,
    timeout_s: float = WAIT_S,
) -> Reply:
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    try:
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, content, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode())
    finally:
        connection.close()


class Mega:
    """Calls one instance with its token."""

    def __init__(self, instance: MegaInstance, *, token: str | None = None) -> None:
        self.instance = instance
        self.key = instance.key
        self._bearer = {"Authorization": f"Bearer {token or instance.token}"}

    def get(self, path: str, *, timeout_s: float = WAIT_S) -> Reply:
        return self.call("GET", path, timeout_s=timeout_s)

    def delete(self, path: str) -> Reply:
        return self.call("DELETE", path)

    def post(self, path: str, body: object, *, timeout_s: float = WAIT_S) -> Reply:
        return self.call("POST", path, body, timeout_s=timeout_s)

    def call(self, method: str, path: str, body: object = None, *, timeout_s: float = WAIT_S) -> Reply:
        url = f"{self.instance.host}/rest{path.format(k=self.key)}"
        return call(method, url, body=body, headers=self._bearer, timeout_s=timeout_s)

    def text(self, text: str = "Olá", *, to: str = MARIA, timeout_s: float = WAIT_S) -> Reply:
        return self.post("/sendMessage/{k}/text", {"messageData": {"to": to, "text": text}}, timeout_s=timeout_s)

    def check(self, jid: str) -> Reply:
        return self.get(f"/instance/isOnWhatsApp/{{k}}?jid={quote(jid)}")


@dataclass(frozen=True)
class Hook:
    path: str
    headers: dict[str, str]
    body: Any


class Receiver:
    """A web server that answers `status` to everything and hands over what it was sent, in order."""

    def __init__(self) -> None:
        self.status = 200
        self.hooks: queue.Queue[Hook] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.hooks.put(Hook(self.path, headers, json.loads(content)))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks/mega/abc"

    def next(self) -> Hook:
        return self.hooks.get(timeout=WAIT_S)

    def statuses(self, count: int) -> list[int]:
        return [self.next().body["update"]["status"] for _ in range(count)]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join(WAIT_S)

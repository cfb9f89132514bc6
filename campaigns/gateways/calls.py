"""Single calls to a gateway outside the sending path: state of an instance and its QR code. Synchronous, never retried."""

from __future__ import annotations

import httpx2

from campaigns.gateways.base import Answer, GatewayConfig, InstanceStatus, QrCode, Request
from campaigns.gateways.registry import gateway_for
from leads_infinitos.kernel.http import MAX_ANSWER_BYTES

TIMEOUT_S = 10.0


def fetch_status(config: GatewayConfig) -> InstanceStatus:
    """The state of the instance now; `unknown` with code `unreachable` when the gateway gives no answer."""
    gateway = gateway_for(config.gateway)
    answer = _call(gateway.status(config))
    return gateway.read_status(config, answer) if answer else InstanceStatus("unknown", code="unreachable")


def fetch_qr_code(config: GatewayConfig) -> QrCode:
    """The QR code to scan now; see QrCode for what its absence means."""
    gateway = gateway_for(config.gateway)
    answer = _call(gateway.qr_code(config))
    return gateway.read_qr_code(config, answer) if answer else QrCode(None, "unavailable")


def set_webhook(config: GatewayConfig, *, url: str) -> bool:
    """Have the instance post its events to `url`; whether the gateway took it."""
    gateway = gateway_for(config.gateway)
    answer = _call(gateway.webhook(config, url=url))
    return answer is not None and gateway.read_webhook(config, answer)


def _call(request: Request) -> Answer | None:
    try:
        with (
            httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
            client.stream(request.method, request.url, headers=dict(request.headers), json=request.json) as response,
        ):
            raw = b""
            for part in response.iter_bytes():
                raw += part
                if len(raw) > MAX_ANSWER_BYTES:
                    break
            return Answer.read(response.status_code, raw, response.headers.get("retry-after"))
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return None

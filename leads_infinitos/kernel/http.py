"""The guard of outbound HTTP: which host a stored address may name, and how an answer is cut and cleaned before storing."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from leads_infinitos.kernel.errors import DomainError

MAX_ANSWER_BYTES = 1024 * 1024
_SECRET = re.compile(
    r"(?i)((?:token|hottok|apikey|authorization)[\"']?\s*[:=]\s*[\"']?(?:bearer\s+)?|bearer\s+)[^\"',\s}]+"
)


class HostNotAllowed(DomainError):
    """The address names a host outside the vendor's own and the operator's list."""

    code = "host_not_allowed"


@dataclass(frozen=True)
class AllowedHost:
    """A host that a connection may use, as `base` (scheme, host, port and path prefix, no final slash)."""

    base: str
    host: str


def allowed_base(raw: str, *, vendor_domains: Iterable[str], extra: Sequence[str]) -> AllowedHost:
    """The normalised base URL of a gateway host a person typed. Raises HostNotAllowed.

    Accepts with or without scheme, a final slash, a final /rest. A vendor's own host must be https without a port; any
    other must stand in `extra` exactly (host alone means https), which is the only way to reach loopback or plain http.
    """
    text = raw.strip().rstrip("/")
    text = text[: -len("/rest")].rstrip("/") if text.lower().endswith("/rest") else text
    if "://" not in text:
        text = f"https://{text}"
    parts = urlsplit(text)
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        raise HostNotAllowed(host=raw[:80])
    host = parts.hostname.lower()
    base = f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
    for entry in extra:
        listed = entry.strip().rstrip("/").lower()
        if base.lower() == (listed if "://" in listed else f"https://{listed}"):
            return AllowedHost(base, host if parts.port is None else f"{host}:{parts.port}")
    vendor = any(host == domain or host.endswith(f".{domain}") for domain in vendor_domains)
    if vendor and parts.scheme.lower() == "https" and parts.port in (None, 443) and not parts.path.strip("/"):
        return AllowedHost(f"https://{host}", host)
    raise HostNotAllowed(host=raw[:80])


def is_loopback(host: str) -> bool:
    """Whether the host (with or without a port, a bracketed IPv6 address too) is this machine."""
    name = host if host.count(":") > 1 and not host.startswith("[") else urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def redact(text: str, *, secrets: Iterable[str] = (), limit: int = 500) -> str:
    """At most `limit` characters of a provider's answer without bearer tokens, token fields or the given secrets."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return _SECRET.sub(r"\1***", text)[:limit]

"""Which addresses a stored connection may reach, and what is kept of an answer."""

from __future__ import annotations

import pytest

from leads_infinitos.kernel.http import HostNotAllowed, allowed_base, is_loopback, redact

VENDOR = ("megaapi.com.br",)


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("apistart01.megaapi.com.br", "https://apistart01.megaapi.com.br"),
        (" https://API2.megaapi.com.br/ ", "https://api2.megaapi.com.br"),
        ("https://apistart01.megaapi.com.br/rest", "https://apistart01.megaapi.com.br"),
        ("apistart01.megaapi.com.br/rest/", "https://apistart01.megaapi.com.br"),
    ],
)
def test_a_vendor_host_is_normalised(typed: str, base: str) -> None:
    assert allowed_base(typed, vendor_domains=VENDOR, extra=()).base == base


@pytest.mark.parametrize(
    "typed",
    [
        "http://apistart01.megaapi.com.br",
        "https://apistart01.megaapi.com.br:8443",
        "https://apistart01.megaapi.com.br/other",
        "https://megaapi.com.br.evil.example",
        "https://evilmegaapi.com.br",
        "https://user@apistart01.megaapi.com.br",
        "https://apistart01.megaapi.com.br?x=1",
        "http://127.0.0.1:9100/mega",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "",
    ],
)
def test_any_other_address_is_refused(typed: str) -> None:
    with pytest.raises(HostNotAllowed):
        allowed_base(typed, vendor_domains=VENDOR, extra=())


def test_an_operator_may_list_a_host_with_scheme_port_and_path() -> None:
    allowed = allowed_base("http://127.0.0.1:9100/mega/", vendor_domains=VENDOR, extra=["http://127.0.0.1:9100/mega"])

    assert (allowed.base, allowed.host) == ("http://127.0.0.1:9100/mega", "127.0.0.1:9100")


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1", "127.9.9.9:1", "::1", "[::1]", "[::1]:80"])
def test_loopback_is_known_in_every_spelling(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", "128.0.0.1", "2001:db8::1", "[2001:db8::1]:80", ""])
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_secrets_and_bearer_tokens_are_cut_out_of_what_is_kept() -> None:
    text = 'Authorization: Bearer abc.def {"token": "s3cr3t-1"} key megastart-XYZ'

    kept = redact(text, secrets=("megastart-XYZ",))

    assert not any(secret in kept for secret in ("abc.def", "s3cr3t-1", "megastart-XYZ"))


def test_what_is_kept_is_bounded() -> None:
    assert len(redact("x" * 10_000)) == 500

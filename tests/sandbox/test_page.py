from __future__ import annotations

import re
import smtplib
from urllib.parse import urlencode

from leads_infinitos.sandbox.client import SandboxClient
from tests.sandbox.wire import MARIA, Mega, Receiver, Reply, call

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=y>"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def submit(sandbox: SandboxClient, path: str, **fields: str) -> Reply:
    return call("POST", f"{sandbox.url}/__sandbox__{path}", body=urlencode(fields).encode(), headers=FORM)


def page(sandbox: SandboxClient) -> str:
    reply = call("GET", f"{sandbox.url}/")
    assert reply.status == 200
    assert "script-src" not in reply.headers["content-security-policy"]
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    return reply.text


def test_the_page_shows_what_was_delivered_by_instance(sandbox: SandboxClient, mega: Mega) -> None:
    mega.text("Olá, Maria!")
    html = page(sandbox)
    assert "Olá, Maria!" in html
    assert "+55 (11) 98765-4321" in html
    assert "token-megasandbox-1" in html
    assert f"<code>{sandbox.url}/mega</code>" in html  # with key and token, all that a connection asks for


def test_nothing_that_was_sent_becomes_markup(sandbox: SandboxClient, mega: Mega, receiver: Receiver) -> None:
    mega.text(HOSTILE)
    sandbox.add_instance("loja", name=HOSTILE, webhook_url=f"{receiver.url}?{HOSTILE}")
    sandbox.post_hotmart(url=receiver.url, hottok="x", overrides={"transaction": HOSTILE, "event": HOSTILE})
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as smtp:
        smtp.sendmail("a@example.com", ["b@example.com"], f"Subject: {HOSTILE}\r\nFrom: {HOSTILE}\r\n\r\n{HOSTILE}")
    html = page(sandbox)
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;") >= 5


def test_the_page_has_no_inline_script_or_style(sandbox: SandboxClient) -> None:
    html = page(sandbox)
    assert re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", html) is None
    assert call("GET", f"{sandbox.url}/__sandbox__/sandbox.css").headers["content-type"].startswith("text/css")


def test_links_in_mails_can_be_followed(sandbox: SandboxClient) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as smtp:
        smtp.sendmail("a@example.com", ["b@example.com"], "Subject: x\r\n\r\nhttp://127.0.0.1/senha?a=1&b=2\r\n")
    assert '<a href="http://127.0.0.1/senha?a=1&amp;b=2"' in page(sandbox)


def test_a_switch_thrown_on_the_page_leads_back_to_it(sandbox: SandboxClient, mega: Mega) -> None:
    reply = submit(sandbox, "/faults", instance="loja", fault="bad_gateway", times="", latency_ms="0")
    assert (reply.status, reply.headers["location"]) == (303, "/#numeros")
    assert mega.text().status == 502
    assert "502 em texto" in page(sandbox)
    submit(sandbox, "/faults", instance="loja", fault="", times="", latency_ms="")
    assert mega.text().status == 200


def test_a_number_is_connected_and_its_webhook_saved_on_the_page(sandbox: SandboxClient, receiver: Receiver) -> None:
    submit(sandbox, "/instances", key="megasandbox-5", status="connected")
    submit(sandbox, "/instances", key="megasandbox-5", webhook_url=receiver.url, acks="2 3 4", echo="on")
    state = sandbox.instance_state("megasandbox-5")
    assert (state["status"], state["webhook"]["url"], state["webhook"]["acks"], state["webhook"]["echo"]) == (
        "connected",
        receiver.url,
        [2, 3, 4],
        True,
    )
    submit(sandbox, "/incoming", instance="megasandbox-5", **{"from": MARIA}, name="", text="Oi")
    assert receiver.next().body["message"]["conversation"] == "Oi"


def test_a_sale_is_posted_from_the_page(sandbox: SandboxClient, receiver: Receiver) -> None:
    reply = submit(
        sandbox,
        "/hotmart",
        template="PURCHASE_APPROVED",
        email="ana@example.com",
        plan_id="910001",
        url=receiver.url,
        hottok="x",
        transaction="",
        months="",
    )
    assert reply.status == 303
    data = receiver.next().body["data"]
    assert (data["buyer"]["email"], data["subscription"]["plan"]["id"]) == ("ana@example.com", 910001)
    assert data["purchase"]["transaction"].startswith("HP")
    assert "HTTP 200" in page(sandbox)


def test_another_web_site_cannot_throw_switches(sandbox: SandboxClient) -> None:
    headers = {"Origin": "https://evil.example", **FORM}
    refused = call("POST", f"{sandbox.url}/__sandbox__/reset", body=b"", headers=headers)
    assert refused.status == 403
    own = call("POST", f"{sandbox.url}/__sandbox__/reset", body=b"", headers={**FORM, "Origin": sandbox.url})
    assert own.status == 303

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest

from leads_infinitos.sandbox.client import SandboxClient
from tests.sandbox.wire import call


def deliver(sandbox: SandboxClient, *, to: str = "Ana <ana@example.com>", subject: str = "Bem-vinda à casa") -> None:
    message = EmailMessage()
    message["From"] = "Leads <nao-responda@example.com>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content("Olá, Ação!\nCrie a senha: https://app.example.com/senha?t=a_b-c&x=1.\n")
    message.add_alternative(
        '<p>Olá</p><a href="https://app.example.com/senha?t=a_b-c&amp;x=1">Criar</a><a href="javascript:x()">n</a>',
        subtype="html",
    )
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as smtp:
        smtp.send_message(message)


def test_a_mail_is_kept_decoded_with_its_links(sandbox: SandboxClient) -> None:
    deliver(sandbox)
    (mail,) = sandbox.mails()
    assert (mail.sender, mail.to, mail.subject) == (
        "Leads <nao-responda@example.com>",
        ["ana@example.com"],
        "Bem-vinda à casa",
    )
    assert mail.text.startswith("Olá, Ação!\n")
    assert "<p>Olá</p>" in mail.html
    assert mail.links == ["https://app.example.com/senha?t=a_b-c&x=1"]


def test_mails_come_newest_first_and_by_recipient(sandbox: SandboxClient) -> None:
    deliver(sandbox, subject="primeiro")
    deliver(sandbox, to="bia@example.com", subject="de outra")
    deliver(sandbox, subject="segundo")
    assert [mail.subject for mail in sandbox.mails(to="ANA@example.com")] == ["segundo", "primeiro"]
    assert sandbox.wait_for_mail(to="bia@example.com").subject == "de outra"
    with pytest.raises(TimeoutError):
        sandbox.wait_for_mail(to="ninguem@example.com", timeout_s=0.05)


@pytest.mark.parametrize(
    ("kind", "code", "error"),
    [("temporary", 451, smtplib.SMTPDataError), ("permanent", 550, smtplib.SMTPDataError)],
)
def test_mails_can_be_refused_a_number_of_times(
    sandbox: SandboxClient, kind: str, code: int, error: type[smtplib.SMTPDataError]
) -> None:
    sandbox.refuse_mails(kind, times=1)
    with pytest.raises(error) as refused:
        deliver(sandbox)
    assert refused.value.smtp_code == code
    deliver(sandbox)
    assert len(sandbox.mails()) == 1


def test_the_html_is_shown_where_nothing_can_run(sandbox: SandboxClient) -> None:
    deliver(sandbox)
    shown = call("GET", f"{sandbox.url}/__sandbox__/mails/1")
    assert shown.headers["content-security-policy"].startswith("sandbox")
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert call("GET", f"{sandbox.url}/__sandbox__/mails/2").status == 404


def test_a_mail_with_a_broken_charset_is_kept(sandbox: SandboxClient) -> None:
    raw = b"From: a@example.com\r\nSubject: x\r\nContent-Type: text/plain; charset=nada\r\n\r\n\xff\xfe oi\r\n"
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as smtp:
        smtp.sendmail("a@example.com", ["b@example.com"], raw)
    assert "oi" in sandbox.mails()[0].text

"""Every shape that Mega API answers with is read in exactly one way; the fixtures hold the shapes of the wire contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.gateways.base import PROVES_NOTHING_SENT, Answer, GatewayConfig, OutcomeClass
from campaigns.gateways.megaapi import DOUBT, MegaApi

FIXTURES = Path(__file__).parent.parent / "fixtures" / "megaapi"
CONFIG = GatewayConfig("megaapi", "https://api2.megaapi.com.br", "megastart-EXAMPLE", "token-EXAMPLE")
MEGA = MegaApi()
Shape = dict[str, Any]


def shapes(name: str) -> list[Any]:
    return [pytest.param(shape, id=shape["name"]) for shape in json.loads((FIXTURES / f"{name}.json").read_text())]


def answer_of(shape: Shape) -> Answer:
    text = shape["text"] if "text" in shape else json.dumps(shape["body"])
    return Answer.read(shape["status"], text.encode(), shape.get("retry_after"))


@pytest.mark.parametrize("shape", shapes("send_text"))
def test_each_answer_to_a_text_falls_into_one_class(shape: Shape) -> None:
    read = MEGA.read_text(CONFIG, answer_of(shape))
    assert (read.outcome, read.code) == (shape["outcome"], shape["code"])
    assert read.message_id == shape.get("message_id", "")
    assert read.retry_after_s == shape.get("retry_after_s")
    assert read.http_status == shape["status"]


@pytest.mark.parametrize("shape", shapes("status"))
def test_each_answer_about_an_instance_is_one_state(shape: Shape) -> None:
    read = MEGA.read_status(CONFIG, answer_of(shape))
    assert (read.state, read.phone, read.code) == (shape["state"], shape["phone"], shape["code"])


@pytest.mark.parametrize("shape", shapes("number_check"))
def test_each_answer_about_a_number_is_an_id_a_no_or_no_verdict(shape: Shape) -> None:
    read = MEGA.read_number_check(CONFIG, answer_of(shape), asked="5561999990002")
    assert read.wa_id == shape["wa_id"]
    assert ([read.problem.outcome, read.problem.code] if read.problem else None) == shape["problem"]


@pytest.mark.parametrize("shape", shapes("qr_code"))
def test_each_answer_about_a_qr_code_is_a_picture_or_says_why_not(shape: Shape) -> None:
    read = MEGA.read_qr_code(CONFIG, answer_of(shape))
    assert (read.image, read.code) == (shape["image"], shape["code"])


@given(
    status=st.integers(100, 599),
    text=st.text(max_size=200) | st.sampled_from(["not logged in", "number not registered"]),
)
def test_whatever_comes_back_with_a_word_of_doubt_proves_nothing(status: int, text: str) -> None:
    for word in DOUBT:
        answer = Answer(status, json.dumps({"error": True, "name": "X", "message": f"{text} {word.upper()}"}))
        read = MEGA.read_text(CONFIG, answer)
        assert read.outcome is OutcomeClass.UNKNOWN or status == 429


@given(status=st.integers(100, 599), raw=st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_without_a_word_about_the_message(status: int, raw: bytes) -> None:
    answer = Answer.read(status, raw, None)
    read = MEGA.read_text(CONFIG, answer)
    assert read.outcome is OutcomeClass.UNKNOWN or status == 429
    assert "\x00" not in read.answer
    read.answer.encode()
    MEGA.read_status(CONFIG, answer)
    MEGA.read_qr_code(CONFIG, answer)
    MEGA.read_number_check(CONFIG, answer, asked="1")


@given(
    status=st.sampled_from([500, 502, 503, 504, 520, 302, 404, 409, 418]),
    message=st.sampled_from(
        ["Instance not logged in", "Number not registered on WhatsApp", "Invalid instance_key supplied", "Unauthorized"]
    ),
)
def test_a_listed_text_under_an_unlisted_status_proves_nothing(status: int, message: str) -> None:
    read = MEGA.read_text(CONFIG, Answer(status, json.dumps({"name": "X", "message": message})))
    assert read.outcome not in PROVES_NOTHING_SENT


def test_what_is_kept_of_an_answer_holds_no_secret() -> None:
    text = json.dumps({"error": True, "message": f"{CONFIG.token} {CONFIG.instance_key} Bearer abc"})
    kept = MEGA.read_text(CONFIG, Answer(200, text)).answer
    assert not any(secret in kept for secret in (CONFIG.token, CONFIG.instance_key, "abc"))
    assert CONFIG.token not in repr(CONFIG)


def test_a_pasted_bearer_is_not_doubled_and_secrets_stay_in_their_places() -> None:
    config = GatewayConfig("megaapi", "https://h/x", "a/../b?c", "Bearer  t0ken")
    request = MEGA.text(config, wa_id="5511999990001", body="Oi")
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert request.url == "https://h/x/rest/sendMessage/a%2F..%2Fb%3Fc/text"
    assert request.json == {"messageData": {"to": "5511999990001@s.whatsapp.net", "text": "Oi", "linkPreview": False}}
    assert "t0ken" not in repr(request)

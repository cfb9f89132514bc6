from __future__ import annotations

import base64

import pytest

from leads_infinitos.sandbox.client import MegaInstance, SandboxClient, SandboxError
from leads_infinitos.sandbox.running import running_sandbox
from tests.sandbox.wire import MARIA, Mega, call


def test_a_connected_instance_tells_its_number(mega: Mega) -> None:
    reply = mega.get("/instance/{k}")
    assert reply.status == 200
    assert reply.json() == {
        "error": False,
        "message": "Instance data fetched",
        "instance": {
            "key": "loja",
            "status": "connected",
            "user": {
                "id": "5511900000077:7@s.whatsapp.net",
                "name": "Loja Exemplo",
                "verifiedName": "Loja Exemplo",
            },
        },
    }


def test_a_disconnected_instance_has_no_user(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.add_instance("loja", status="disconnected")
    assert mega.get("/instance/{k}").json()["instance"] == {"key": "loja", "status": "disconnected"}


@pytest.mark.parametrize(
    ("key", "headers", "status", "name", "message"),
    [
        ("loja", {}, 401, "UNAUTHORIZED", "Unauthorized"),
        ("loja", {"Authorization": "Bearer nenhum"}, 401, "UNAUTHORIZED", "Unauthorized"),
        ("loja", {"apikey": "segredo"}, 401, "UNAUTHORIZED", "Unauthorized"),
        ("loja", {"Authorization": "Bearer token-megasandbox-1"}, 403, "FORBIDDEN", "Invalid instance_key supplied"),
        ("outra", {"Authorization": "Bearer segredo"}, 404, "NOT_FOUND", "Instance not found"),
    ],
)
@pytest.mark.parametrize("path", ["/instance/{k}", "/sendMessage/{k}/text"])
def test_a_call_without_the_instances_token_is_refused(
    mega: Mega, path: str, key: str, headers: dict[str, str], status: int, name: str, message: str
) -> None:
    method = "POST" if "send" in path else "GET"
    reply = call(method, f"{mega.instance.host}/rest{path.format(k=key)}", headers=headers)
    assert reply.status == status
    assert reply.json() == {"name": name, "message": message, "status": status, "errors": []}


def test_an_unknown_instance_can_answer_200_with_error_true(sandbox: SandboxClient) -> None:
    sandbox.set_faults(unknown_as_200=True)
    reply = Mega(MegaInstance(sandbox.mega_url, "nenhuma", "x")).get("/instance/{k}")
    assert (reply.status, reply.json()) == (200, {"error": True, "message": "Instance not found"})


def test_a_qr_code_comes_at_the_second_reading_and_never_while_connected(sandbox: SandboxClient, mega: Mega) -> None:
    assert mega.get("/instance/qrcode_base64/{k}").json()["message"] == "User is already logged in"
    sandbox.add_instance("loja", status="disconnected")
    assert mega.get("/instance/qrcode_base64/{k}").json() == {
        "error": False,
        "message": "Qrcode fetched",
        "qrcode": None,
    }
    url = mega.get("/instance/qrcode_base64/{k}").json()["qrcode"]
    assert base64.b64decode(url.removeprefix("data:image/png;base64,")).startswith(b"\x89PNG\r\n")


def test_a_pairing_code_needs_a_number_and_a_closed_session(sandbox: SandboxClient, mega: Mega) -> None:
    path = "/instance/pairingCode/{k}?phoneNumber=5511900000077"
    assert mega.get(path).status == 403
    sandbox.add_instance("loja", status="disconnected")
    assert mega.get("/instance/pairingCode/{k}").status == 400
    code = mega.get(path).json()["pairingCode"]
    assert len(code) == 9
    assert code[4] == "-"
    assert sandbox.instance_state("loja")["pairing_code"] == code


def test_logout_closes_the_session_and_only_delete_does_it(mega: Mega) -> None:
    refused = mega.post("/instance/{k}/logout", {})
    assert refused.status == 404
    assert refused.headers["content-type"].startswith("text/html")
    assert mega.delete("/instance/{k}/logout").json() == {"error": False, "message": "Instance logged out"}
    assert mega.get("/instance/{k}").json()["instance"]["status"] == "disconnected"
    assert mega.delete("/instance/{k}/logout").json()["message"] == "Instance not logged in"


def test_a_restarted_instance_is_connecting(mega: Mega) -> None:
    assert mega.delete("/instance/{k}/restart").status == 200
    assert mega.get("/instance/{k}").json()["instance"] == {"key": "loja", "status": "connecting"}
    assert mega.text().json()["message"] == "Instance not logged in"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (f"{MARIA}@s.whatsapp.net", {"exists": True, "jid": f"{MARIA}@s.whatsapp.net"}),
        ("551187654321", {"exists": True, "jid": f"{MARIA}@s.whatsapp.net"}),
        ("5531987654321", {"exists": True, "jid": "553187654321@s.whatsapp.net"}),
        ("553187654321", {"exists": True, "jid": "553187654321@s.whatsapp.net"}),
        ("5547961234567", {"exists": True, "jid": "5547961234567@s.whatsapp.net"}),
        ("551133334444", {"exists": True, "jid": "551133334444@s.whatsapp.net"}),
        ("351912345678", {"exists": True, "jid": "351912345678@s.whatsapp.net"}),
        ("5511989990404", {"exists": False}),
        ("5520987654321", {"exists": False}),
        ("5511887654321", {"exists": False}),
        ("55119876543", {"exists": False}),
        ("", {"exists": False}),
        ("abc", {"exists": False}),
    ],
)
def test_the_number_check_answers_the_canonical_id(mega: Mega, asked: str, answer: dict[str, object]) -> None:
    reply = mega.check(asked)
    assert (reply.status, reply.json()) == (200, answer)


def test_a_disconnected_instance_gives_no_verdict_about_a_number(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.add_instance("loja", status="disconnected")
    assert (mega.check(MARIA).status, mega.check(MARIA).json()["message"]) == (403, "Instance not logged in")


def test_a_profile_picture_is_absent_for_a_number_without_whatsapp(mega: Mega) -> None:
    assert mega.get(f"/instance/getProfilePicture/{{k}}?to={MARIA}&type=image").json()["data"].startswith("https://")
    assert "data" not in mega.get("/instance/getProfilePicture/{k}?to=5511989990404&type=image").json()


def test_the_webhook_is_configured_and_read_back(mega: Mega) -> None:
    wanted = {"webhookUrl": "https://app.example.com/hooks", "webhookEnabled": False}
    assert mega.post("/webhook/{k}/configWebhook", {"messageData": wanted}).json()["error"] is False
    assert mega.get("/webhook/{k}").json()["webhookData"] == wanted
    assert mega.post("/webhook/{k}/configWebhook", wanted).status == 400


def test_a_shared_server_has_no_init_and_no_list(mega: Mega) -> None:
    assert mega.post("/instance/init?instance_key=nova", {}).status == 404
    assert mega.get("/instance/list").status in (401, 404)


def test_a_dedicated_server_creates_lists_and_deletes() -> None:
    with running_sandbox(mega_admin_token="mestre") as sandbox:
        admin = Mega(MegaInstance(sandbox.mega_url, "cliente-42", "mestre"))
        hook = {"messageData": {"webhookUrl": "https://app.example.com/h", "webhookEnabled": True}}
        created = admin.post("/instance/init?instance_key=cliente-42", hook)
        assert created.json() == {"error": False, "message": "Instance created", "instance_key": "cliente-42"}
        listed = {one["key"]: one["connectionState"] for one in admin.get("/instance/list").json()["instances"]}
        assert listed["cliente-42"] == "close"
        assert listed["megasandbox-1"] == "open"
        assert admin.get("/webhook/{k}").json()["webhookData"] == hook["messageData"]
        assert admin.delete("/instance/{k}/delete").status == 200
        assert admin.get("/instance/{k}").status == 404


def test_a_path_that_does_not_exist_is_an_html_404_that_escapes_it(mega: Mega) -> None:
    reply = mega.get("/nada/%3Cscript%3E")
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("text/html")
    assert "<script>" not in reply.text


def test_each_new_instance_has_a_token_and_a_number_of_its_own_until_it_is_removed(sandbox: SandboxClient) -> None:
    one, two = sandbox.add_instance(), sandbox.add_instance()
    assert one.token != two.token
    assert sandbox.instance_state(one.key)["phone"] != sandbox.instance_state(two.key)["phone"]
    assert sandbox.add_instance(one.key, name="Loja Nova").token == one.token, "changing keeps the rest"
    sandbox.remove_instance(one.key)
    assert Mega(one).get("/instance/{k}").json()["message"] == "Instance not found"
    with pytest.raises(SandboxError):
        sandbox.remove_instance(one.key)

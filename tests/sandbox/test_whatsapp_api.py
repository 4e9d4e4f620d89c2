"""What the sandbox WhatsApp says about tokens, versions, its number and its templates."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from whatsapp_stage import ACCOUNT_ID, GOOD, NUMBER_ID, START, Stage, greeting

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGES = f"/v26.0/{NUMBER_ID}/messages"
SECTION_3_7 = (
    "id,display_phone_number,verified_name,status,quality_rating,quality_score,name_status,new_name_status,"
    "code_verification_status,account_mode,platform_type,throughput,whatsapp_business_manager_messaging_limit,"
    "health_status,is_official_business_account,is_pin_enabled,webhook_configuration"
)  # fmt: skip


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


# tokens


def test_without_a_token_the_answer_is_200(stage: Stage) -> None:
    answer = stage.client.post(MESSAGES, json=greeting())
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, 200)
    assert not stage.wa.accepted


def test_a_wrong_token_is_190(stage: Stage) -> None:
    status, answer = stage.send(greeting(), Authorization="Bearer EAAother")
    assert (status, answer["error"]["code"]) == (401, 190)
    assert answer["error"]["type"] == "OAuthException"


def test_an_expired_token_is_190_with_a_subcode(stage: Stage) -> None:
    stage.wa.token_expires_at = START + timedelta(hours=1)
    assert stage.send(greeting())[0] == 200
    stage.clock.advance(timedelta(hours=1))
    status, answer = stage.send(greeting())
    assert (status, answer["error"]["code"], answer["error"]["error_subcode"]) == (401, 190, 463)


def test_a_token_without_the_right_may_not_send(stage: Stage) -> None:
    stage.wa.token_rights = {"whatsapp_business_management"}
    status, answer = stage.send(greeting())
    assert (status, answer["error"]["code"]) == (403, 10)
    assert stage.get(NUMBER_ID)[0] == 200


def test_a_token_without_the_right_may_not_manage(stage: Stage) -> None:
    stage.wa.token_rights = {"whatsapp_business_messaging"}
    status, answer = stage.get(f"{ACCOUNT_ID}/message_templates")
    assert (status, answer["error"]["code"]) == (403, 200)
    assert stage.send(greeting())[0] == 200


def test_debug_token_tells_scopes_and_expiry(stage: Stage) -> None:
    stage.wa.token_expires_at = START + timedelta(days=60)
    _, answer = stage.get("debug_token", input_token="EAAexample")
    data = answer["data"]
    assert data["is_valid"] is True
    assert data["scopes"] == ["whatsapp_business_management", "whatsapp_business_messaging"]
    assert data["expires_at"] == int((START + timedelta(days=60)).timestamp())
    assert data["granular_scopes"][0]["target_ids"] == [ACCOUNT_ID]


def test_debug_token_of_a_token_that_never_expires_says_0(stage: Stage) -> None:
    assert stage.get("debug_token", input_token="EAAexample")[1]["data"]["expires_at"] == 0


def test_debug_token_of_a_strange_token_says_so(stage: Stage) -> None:
    data = stage.get("debug_token", input_token="EAAother")[1]["data"]
    assert data["is_valid"] is False
    assert data["error"]["code"] == 190


# versions and objects


@pytest.mark.parametrize("version", [21, 23, 26, 30])
def test_versions_from_21_on_are_spoken(stage: Stage, version: int) -> None:
    assert stage.send(greeting(), version)[0] == 200


def test_an_expired_version_is_refused(stage: Stage) -> None:
    assert stage.refusal(greeting(), version=20)[0] == 2635


@pytest.mark.parametrize(
    "path", [f"/{NUMBER_ID}/messages", "/latest/1/messages", "/v26.0/1/nonsense"]
)
def test_a_path_of_no_form_is_refused_in_json(stage: Stage, path: str) -> None:
    answer = stage.client.post(path, json=greeting(), headers=GOOD)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == 2500


def test_another_accounts_number_is_code_100_subcode_33(stage: Stage) -> None:
    answer = stage.client.post("/v26.0/999/messages", json=greeting(), headers=GOOD).get_json()
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (100, 33)
    assert "'999' does not exist" in answer["error"]["message"]


def test_a_body_that_is_not_said_to_be_json_is_not_read(stage: Stage) -> None:
    answer = stage.client.post(MESSAGES, data="{}", headers=GOOD).get_json()
    assert answer["error"]["message"] == "(#100) The parameter messaging_product is required."


def test_a_body_that_is_no_json_is_refused(stage: Stage) -> None:
    answer = stage.client.post(MESSAGES, data="{", content_type="application/json", headers=GOOD)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, 100)


# the number and the account


def test_every_documented_field_of_the_number_can_be_asked_for(stage: Stage) -> None:
    status, answer = stage.get(NUMBER_ID, fields=SECTION_3_7)
    assert status == 200
    assert set(answer) == set(SECTION_3_7.split(","))
    assert answer["quality_rating"] == "GREEN"
    assert answer["throughput"] == {"level": "STANDARD"}
    assert answer["health_status"]["can_send_message"] == "AVAILABLE"


def test_only_the_asked_fields_come_and_always_the_id(stage: Stage) -> None:
    assert stage.get(NUMBER_ID, fields="status")[1] == {"status": "CONNECTED", "id": NUMBER_ID}


def test_an_unknown_field_is_refused(stage: Stage) -> None:
    status, answer = stage.get(NUMBER_ID, fields="status,mood")
    assert (status, answer["error"]["code"]) == (400, 100)
    assert "(mood)" in answer["error"]["message"]


def test_the_number_can_fall_ill(stage: Stage) -> None:
    stage.wa.number["status"] = "FLAGGED"
    assert stage.get(NUMBER_ID, fields="status")[1]["status"] == "FLAGGED"


def test_the_account_lists_its_number(stage: Stage) -> None:
    [number] = stage.get(f"{ACCOUNT_ID}/phone_numbers")[1]["data"]
    assert number["id"] == NUMBER_ID
    assert number["display_phone_number"] == "+1 555-078-3881"


def test_subscribed_apps_lists_our_app_until_it_is_not_subscribed(stage: Stage) -> None:
    [app] = stage.get(f"{ACCOUNT_ID}/subscribed_apps")[1]["data"]
    assert app["whatsapp_business_api_data"]["id"]
    stage.wa.app_subscribed = False
    assert stage.get(f"{ACCOUNT_ID}/subscribed_apps")[1]["data"] == []
    stage.client.post(f"/v26.0/{ACCOUNT_ID}/subscribed_apps", headers=GOOD)
    assert len(stage.get(f"{ACCOUNT_ID}/subscribed_apps")[1]["data"]) == 1


# listing templates


def test_templates_are_listed_with_their_components(stage: Stage) -> None:
    _, answer = stage.get(f"{ACCOUNT_ID}/message_templates", name="autumn")
    [template] = answer["data"]
    assert (template["name"], template["language"]) == ("autumn_offer", "es_ES")
    assert (template["status"], template["parameter_format"]) == ("APPROVED", "POSITIONAL")
    kinds = [component["type"] for component in template["components"]]
    assert kinds == ["HEADER", "BODY", "FOOTER", "BUTTONS"]
    assert template["components"][1]["example"] == {"body_text": [["example 1", "example 2"]]}


def test_pages_follow_the_cursor_until_there_is_no_next(stage: Stage) -> None:
    question = {"limit": "2", "fields": "name"}
    names: list[str] = []
    for _ in range(9):
        page = stage.get(f"{ACCOUNT_ID}/message_templates", **question)[1]
        names += [template["name"] for template in page["data"]]
        if "next" not in page["paging"]:
            break
        assert f"after={page['paging']['cursors']['after']}" in page["paging"]["next"]
        assert page["paging"]["next"].startswith("http")
        question["after"] = page["paging"]["cursors"]["after"]
    assert names == ["autumn_offer", "order_shipped_named", "lto_weekend", "plain", "greeting"]


def test_a_page_past_the_end_is_empty(stage: Stage) -> None:
    last = stage.get(f"{ACCOUNT_ID}/message_templates")[1]["paging"]["cursors"]["after"]
    assert stage.get(f"{ACCOUNT_ID}/message_templates", after=last)[1] == {"data": []}


def test_a_cursor_of_no_form_is_refused(stage: Stage) -> None:
    status, answer = stage.get(f"{ACCOUNT_ID}/message_templates", after="nonsense")
    assert (status, answer["error"]["code"]) == (400, 100)


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_page_of_no_size_is_refused(stage: Stage, limit: str) -> None:
    assert stage.get(f"{ACCOUNT_ID}/message_templates", limit=limit)[0] == 400


def test_templates_are_filtered_by_status_and_language(stage: Stage) -> None:
    stage.wa.set_template_status("lto_weekend", "PAUSED")
    _, answer = stage.get(
        f"{ACCOUNT_ID}/message_templates", status="APPROVED", language="es_ES", fields="name"
    )
    assert [one["name"] for one in answer["data"]] == ["autumn_offer", "order_shipped_named"]


def test_one_template_is_found_by_its_id(stage: Stage) -> None:
    listed = stage.get(f"{ACCOUNT_ID}/message_templates", name="greeting")[1]["data"][0]
    _, found = stage.get(listed["id"], fields="name,status,quality_score")
    assert found == {
        "name": "greeting",
        "status": "APPROVED",
        "quality_score": {"score": "UNKNOWN"},
        "id": listed["id"],
    }


def test_an_unknown_id_is_code_100_subcode_33(stage: Stage) -> None:
    assert stage.get("12345")[1]["error"]["error_subcode"] == 33


# creating templates


def new_template(**changed: Any) -> dict[str, Any]:
    """A positional marketing template with everything that can be on one."""
    body = "Hola {{1}}, esta semana tienes un {{2}} de descuento en toda la tienda."
    buttons = [
        {"type": "QUICK_REPLY", "text": "No más promos"},
        {"type": "URL", "text": "Ver", "url": "https://shop.example/o/{{1}}", "example": ["https://shop.example/o/a"]},
        {"type": "COPY_CODE", "example": "OTONO20"},
    ]  # fmt: skip
    parts = {
        "header": {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
        "body": {"type": "BODY", "text": body, "example": {"body_text": [["Ana", "20%"]]}},
        "footer": {"type": "FOOTER", "text": "Responde STOP para no recibir más promociones"},
        "buttons": {"type": "BUTTONS", "buttons": buttons},
    }
    components = [changed.pop(name, part) for name, part in parts.items()]
    request = {
        "name": "new_offer",
        "language": "es_ES",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [part for part in components if part is not None],
    }
    return request | changed


def create(stage: Stage, request: object) -> tuple[int, dict[str, Any]]:
    answer = stage.client.post(f"/v26.0/{ACCOUNT_ID}/message_templates", json=request, headers=GOOD)
    return answer.status_code, answer.get_json()


def test_a_new_template_is_pending_and_approved_later(stage: Stage) -> None:
    stage.wa.approve_templates_after = timedelta(minutes=30)
    status, answer = create(stage, new_template())
    assert (status, answer["status"], answer["category"]) == (200, "PENDING", "MARKETING")
    stage.clock.advance(timedelta(minutes=29))
    assert stage.get(answer["id"], fields="status")[1]["status"] == "PENDING"
    stage.clock.advance(timedelta(minutes=1))
    assert stage.get(answer["id"], fields="status")[1]["status"] == "APPROVED"


def test_a_new_template_can_wait_for_ever(stage: Stage) -> None:
    stage.wa.approve_templates_after = None
    _, answer = create(stage, new_template())
    stage.clock.advance(timedelta(days=365))
    assert stage.get(answer["id"], fields="status")[1]["status"] == "PENDING"


def test_a_new_template_with_names_is_taken(stage: Stage) -> None:
    text = "Hola {{first_name}}, tu pedido {{order_number}} ya está en camino. Gracias."
    examples = [{"param_name": name, "example": "x"} for name in ("first_name", "order_number")]
    body = {"type": "BODY", "text": text, "example": {"body_text_named_params": examples}}
    request = new_template(
        parameter_format="NAMED", category="UTILITY", body=body, header=None, buttons=None
    )
    assert create(stage, request)[0] == 200


def test_a_limited_time_offer_is_taken_without_a_footer(stage: Stage) -> None:
    terms = {"text": "Expiring offer!", "has_expiration": True}
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": terms}
    assert create(stage, new_template(footer=offer))[0] == 200


def test_the_same_name_and_language_is_refused(stage: Stage) -> None:
    create(stage, new_template())
    status, answer = create(stage, new_template())
    assert (status, answer["error"]["code"]) == (400, 100)
    assert answer["error"]["error_subcode"] == 2388024
    assert create(stage, new_template(language="es_MX"))[0] == 200


def test_an_account_has_250_templates_at_most(stage: Stage) -> None:
    for number in range(250 - len(stage.wa.templates.all())):
        stage.wa.add_template(f"filler_{number}", "en_US", body="Hello there.")
    assert create(stage, new_template())[1]["error"]["error_subcode"] == 2388019


def body(text: str, *examples: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


def buttons(*some: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(some)}


REPLY = {"type": "QUICK_REPLY", "text": "No"}
CALL = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550100"}
BROKEN: dict[str, tuple[dict[str, Any], int | None]] = {
    "capitals in the name": (new_template(name="NewOffer"), None),
    "a hyphen in the name": (new_template(name="new-offer"), None),
    "too long a name": (new_template(name="x" * 513), None),
    "an unknown language": (new_template(language="tlh"), None),
    "an unknown category": (new_template(category="SPAM"), None),
    "an unknown parameter format": (new_template(parameter_format="MIXED"), None),
    "no body": (new_template(body=None), None),
    "two bodies": (new_template(header=body("Hello there.")), None),
    "an empty body": (new_template(body=body(" ")), 2388072),
    "a variable at the start": (new_template(body=body("{{1}}, we have missed you here.", "Ana")), 2388299),
    "a variable at the end": (new_template(body=body("We have missed you here, {{1}}", "Ana")), 2388299),
    "variables side by side": (new_template(body=body("Hello dear {{1}} {{2}}, how are you?", "a", "b")), 2388072),
    "numbers with a gap": (new_template(body=body("Hello {{1}}, here is a gap: {{3}} is left.", "a", "b")), 2388072),
    "a name in a positional one": (new_template(body=body("Hello {{name}}, how are you?", "Ana")), 2388072),
    "a variable without an example": (new_template(body=body("Hello {{1}}, this is {{2}} for you all.", "a")), 2388072),
    "too many variables": (new_template(body=body("Hello {{1}}, {{2}} awaits.", "a", "b")), 2388293),
    "too long a body": (new_template(body=body("word " * 205)), 2388040),
    "a header of two variables": (
        new_template(header={"type": "HEADER", "format": "TEXT", "text": "{{1}} and {{2}}", "example": {"header_text": ["a", "b"]}}), 2388047,
    ),
    "too long a header": (new_template(header={"type": "HEADER", "format": "TEXT", "text": "x" * 61}), 2388040),
    "a bold header": (new_template(header={"type": "HEADER", "format": "TEXT", "text": "*Sale*"}), 2388047),
    "an image without a sample": (new_template(header={"type": "HEADER", "format": "IMAGE"}), 2388047),
    "a variable in the footer": (new_template(footer={"type": "FOOTER", "text": "For {{1}}"}), 2388073),
    "too long a footer": (new_template(footer={"type": "FOOTER", "text": "x" * 61}), 2388040),
    "eleven buttons": (new_template(buttons=buttons(*[REPLY] * 11)), None),
    "two calls": (new_template(buttons=buttons(CALL, CALL)), None),
    "torn quick replies": (new_template(buttons=buttons(REPLY, CALL, REPLY)), None),
    "too long a label": (new_template(buttons=buttons(REPLY | {"text": "x" * 26})), 2388040),
    "an unknown button": (new_template(buttons=buttons({"type": "DANCE", "text": "x"})), None),
    "a variable amid an address": (
        new_template(buttons=buttons({"type": "URL", "text": "x", "url": "https://a.example/{{1}}/b", "example": ["x"]})), None,
    ),
    "an address without an example": (
        new_template(buttons=buttons({"type": "URL", "text": "x", "url": "https://a.example/{{1}}"})), None,
    ),
    "too long a code": (new_template(buttons=buttons({"type": "COPY_CODE", "example": "X" * 16})), None),
    "an offer with a footer": (
        new_template(header={"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Now!"}}), None,
    ),
    "an offer for utility": (
        new_template(category="UTILITY", footer={"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Now!"}}), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_template_that_breaks_a_rule_is_refused(stage: Stage, case: str) -> None:
    request, subcode = BROKEN[case]
    before = len(stage.wa.templates.all())
    status, answer = create(stage, request)
    assert (status, answer["error"]["code"]) == (400, 100)
    assert answer["error"].get("error_subcode") == subcode
    assert answer["error"]["error_user_msg"]
    assert len(stage.wa.templates.all()) == before


@pytest.mark.parametrize("missing", ["name", "language", "category", "components"])
def test_a_template_lacking_a_part_is_refused(stage: Stage, missing: str) -> None:
    request = new_template()
    del request[missing]
    _, answer = create(stage, request)
    assert missing in answer["error"]["error_data"]["details"]

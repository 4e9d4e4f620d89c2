"""What only a mixed-up config shows: the ids of two accounts."""

import json
from typing import TYPE_CHECKING, Any

from sending_world import World
from typing_in import typed

from agent.sandbox.server import Server
from agent.sandbox.whatsapp.api import whatsapp_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def test_a_number_that_the_account_does_not_have(world: World) -> None:
    app = whatsapp_app(world.whatsapp)

    def another_account(environ: "WSGIEnvironment", start: "StartResponse") -> Any:
        if environ["PATH_INFO"].endswith("/phone_numbers"):
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"data": [{"id": "400"}]}).encode()]
        return app(environ, start)

    with Server(another_account) as url:
        ended = typed("check", "--config", str(world.write_config(whatsapp__base_url=url)))

    assert ended.exit_code == 1
    account = world.whatsapp.business_account_id
    assert f"FAIL  whatsapp  the account {account} does not have this number" in ended.output
    assert "phone number ids are 400" in ended.output
    assert "-> take both ids from the same page" in ended.output

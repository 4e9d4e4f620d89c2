"""winback init on the first evening: what it says where an answer does not help, and what comes next."""

import pytest
from click.testing import CliRunner, Result
from sending_world import World

from agent.cli import winback
from agent.commands.init.questions import ALL

SHOP_KEYS = {"WINBACK_SHOP_KEY": "ck_sandbox", "WINBACK_SHOP_SECRET": "cs_sandbox"}
SECRETS = SHOP_KEYS | {
    "WINBACK_WHATSAPP_TOKEN": "EAAexample",
    "WINBACK_WHATSAPP_APP_SECRET": "example-app-secret",
}


def init(world: World, *options: str, answers: tuple[str, ...] = (), **environ: str) -> Result:
    return CliRunner().invoke(
        winback,
        [
            "init", "--config", str(world.config), *options,
            "--set", f"whatsapp.base_url={world.whatsapp_url}", "--set", "web.listen=127.0.0.1:0",
        ],
        input="".join(f"{answer}\n" for answer in answers),
        env={question.variable: None for question in ALL} | environ,
    )  # fmt: skip


def all_answered(world: World, campaigns: str) -> Result:
    flags = (
        "--non-interactive", "--shop-url", world.shop_url, "--campaigns", campaigns,
        "--phone-number-id", world.whatsapp.phone_number_id,
        "--business-account-id", world.whatsapp.business_account_id,
    )  # fmt: skip
    return init(world, *flags, **SECRETS)


def test_an_address_without_a_scheme_that_does_not_answer_is_told_the_other_one(
    world: World,
) -> None:
    bare = world.shop_url.removeprefix("http://")
    done = init(world, answers=(bare, "s"), **SHOP_KEYS)
    assert f"{bare} was taken for https://{bare}" in done.output
    assert f"write http://{bare}" in done.output
    # one that names its scheme is no question of it
    wrong = init(world, answers=(world.shop_url, "s"), **SHOP_KEYS | {"WINBACK_SHOP_KEY": "ck_no"})
    assert "was taken for" not in wrong.output


@pytest.mark.parametrize("answer", ["yes", "x", "1"])
def test_an_answer_that_is_no_choice_is_told_which_there_are(world: World, answer: str) -> None:
    done = init(world, answers=(world.shop_url, answer, "s"), **SHOP_KEYS | {"WINBACK_SHOP_KEY": "ck_no"})  # fmt: skip
    assert done.output.count("Type t, g or s; Enter alone is t.") == 1
    assert not world.config.exists()


def test_without_campaigns_the_texts_of_those_that_are_meant_come_first(world: World) -> None:
    done = all_answered(world, "none")
    assert done.exit_code == 0, done.output
    _, _, steps = done.output.partition("Next:")
    commands = [line for line in steps.splitlines() if "--config" in line]
    assert "templates push we_miss_you --config" in commands[0]
    assert "takes up to a day" in steps
    assert any("preview --campaign we_miss_you --config" in line for line in commands)


def test_with_campaigns_those_that_are_on_are_submitted(world: World) -> None:
    done = all_answered(world, "price_drop")
    assert done.exit_code == 0, done.output
    _, _, steps = done.output.partition("Next:")
    assert "templates push --config" in steps
    assert "preview --config" in steps

"""winback consent add, withdraw and show; and winback replies."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sending_world import World
from typing_in import typed, typed_on_a_terminal

from agent.consent import Heard, forget_words, record
from agent.database import owned, shared
from agent.errors import BadInput, ConfigError
from models import Contact, Message, Reply, ShopFact, Statement

ANA = "+15125550111"
TYPED = "+1 (512) 555-0111"


@pytest.fixture
def config(world: World) -> Path:
    with owned(world.folder / "winback.db"):
        ShopFact.put({"zone": "America/Chicago", "country": "US"})
    return world.write_config()


def now() -> datetime:
    return datetime.now(UTC)


def said(config: Path) -> list[tuple[str, str, str, str]]:
    with shared(config.parent / "winback.db"):
        return [
            (one.purpose, one.says, one.source, one.words)
            for one in Statement.select().order_by(Statement.id)
        ]


def hear(config: Path, says: str, source: str, *, hours: float, words: str = "") -> None:
    moment = now() - timedelta(hours=hours)
    with shared(config.parent / "winback.db"):
        heard = Heard(phone=ANA, says=says, source=source, said_at=moment, words=words)
        record([heard], now=moment)


def run(config: Path, *words: str) -> str:
    ended = typed("consent", *words, "--config", str(config))
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_a_consent_is_written_down_with_its_words(config: Path) -> None:
    told = run(config, "add", "512-555-0111", "--purpose", "marketing", "--words", "paper, 3 May")
    assert told.startswith(f"{ANA}, marketing: yes since ")
    assert said(config) == [("marketing", "yes", "command", "paper, 3 May")]
    with shared(config.parent / "winback.db"):
        assert Contact.agreed_count() == 1


def test_words_and_purpose_are_no_guesswork(config: Path) -> None:
    for missing in (("--purpose", "marketing"), ("--words", "paper")):
        assert typed("consent", "add", ANA, *missing, "--config", str(config)).exit_code == 2


def test_a_withdrawal_is_of_both_unless_one_is_named(config: Path) -> None:
    hear(config, "yes", "order 5", hours=3)
    told = run(config, "withdraw", TYPED, "--words", "rang us up")
    assert [line.partition(" since")[0] for line in told.splitlines()] == [
        f"{ANA}, marketing: NO", f"{ANA}, order news: NO",
    ]  # fmt: skip
    assert run(config, "withdraw", TYPED, "--purpose", "marketing").count("\n") == 1


def test_what_was_said_before_a_stop_does_not_override_it(config: Path) -> None:
    hear(config, "no", "whatsapp", hours=1, words="STOP")
    at = (now() - timedelta(days=2)).isoformat(timespec="seconds").replace("+00:00", "+0000")
    told = run(
        config, "add", ANA, "--purpose", "marketing", "--words", "paper", "--said-at", at
    )  # fmt: skip
    assert "written down, and it stays at NO: something newer was said" in told
    again = run(
        config, "add", ANA, "--purpose", "marketing", "--words", "paper", "--said-at", at
    )  # fmt: skip
    assert "(it was on the ledger already)" in again


def test_a_date_is_the_shops_and_none_is_yet_to_come(config: Path) -> None:
    run(config, "withdraw", ANA, "--said-at", "2026-03-01T09:30")
    with shared(config.parent / "winback.db"):
        assert Statement.get().said_at == datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
    ended = typed("consent", "withdraw", ANA, "--said-at", "2999-01-01", "--config", str(config))
    assert isinstance(ended.exception, BadInput)
    assert "yet to come" in str(ended.exception)


def test_a_number_that_is_none_is_named(config: Path) -> None:
    ended = typed("consent", "withdraw", "12", "--config", str(config))
    assert isinstance(ended.exception, BadInput)
    assert "'12'" in str(ended.exception)


UNUSABLE = "+12025550123456"


def test_a_number_that_is_none_but_that_we_know_is_heard(config: Path) -> None:
    def end(*words: str) -> int:
        return typed(*words, "--config", str(config)).exit_code

    show, add = ("consent", "show", UNUSABLE), ("consent", "add", UNUSABLE)
    assert (end(*show), end("replies", "--contact", UNUSABLE)) == (1, 1)
    assert end("consent", "withdraw", UNUSABLE) == 1
    with shared(config.parent / "winback.db"):
        write("wamid.1", "hello", hours=1, sender=UNUSABLE[1:])
    assert replies(config, "--contact", "+1 202 5550123456", "--json").count("\n") == 1
    assert end(*show) == 0
    assert run(config, "withdraw", UNUSABLE).startswith(f"{UNUSABLE}, marketing: NO since")
    with shared(config.parent / "winback.db"):
        assert Contact.select().count() == 0  # nobody to write to
        Reply.delete().execute()
    assert "marketing: NO" in run(config, "show", UNUSABLE)
    assert end(*add, "--purpose", "marketing", "--words", "paper") == 1
    with shared(config.parent / "winback.db"):
        Contact.put([{"phone": "+120255501", "created_at": now()}])
    run(config, "withdraw", "+1 202 55501")
    with shared(config.parent / "winback.db"):
        assert Contact.get().marketing == "no"


def test_a_consent_without_words_is_none(config: Path) -> None:
    for words in ("", " \t"):
        ended = typed(
            "consent", "add", ANA, "--purpose", "both", "--words", words, "--config", str(config)
        )
        assert ended.exit_code == 2
        assert "--words" in ended.stderr
    assert said(config) == []


def test_an_older_yes_says_that_a_newer_one_counts(config: Path) -> None:
    hear(config, "yes", "order 5", hours=1)
    told = run(
        config, "add", ANA, "--purpose", "marketing", "--words", "paper", "--said-at", "2026-03-01"
    )
    assert "written down, and does not count: it stays at yes since" in told


def test_a_mistake_in_the_config_stops_no_withdrawal(config: Path) -> None:
    config.write_text(config.read_text() + "[lgo]\nlevel = 1\n")
    for words in (["withdraw", ANA], ["show", ANA]):
        ended = typed("consent", *words, "--config", str(config))
        assert (ended.exit_code, ended.stderr.count("\n")) == (0, 1)
        assert "1 mistake" in ended.stderr
    ended = typed(
        "consent", "add", ANA, "--purpose", "both", "--words", "paper", "--config", str(config)
    )
    assert isinstance(ended.exception, ConfigError)


def test_the_proof_shows_every_statement_and_what_it_weighs(config: Path) -> None:
    hear(config, "yes", "order 5", hours=9, words="box at the checkout")
    hear(config, "no", "whatsapp", hours=5, words="[b]STOP[/b]")
    hear(config, "yes", "import list.csv:3", hours=2)
    shown = run(config, "show", TYPED)
    assert f"{ANA}: nobody whom the shop knows" in shown
    assert "marketing: NO since" in shown
    assert "order news: never said: nothing is sent" in shown
    told = json.loads(run(config, "show", TYPED, "--json"))
    marketing = told["purposes"]["marketing"]
    assert marketing["answer"] == "no"
    assert [
        (one["says"], one["source"], one["words"], one["counts"], one["why_not"])
        for one in marketing["statements"]
    ] == [
        ("yes", "order 5", "box at the checkout", False, "something newer was said"),
        ("no", "whatsapp", "[b]STOP[/b]", True, ""),
        ("yes", "import list.csv:3", "", False, "a list does not override what the person refused"),
    ]
    assert datetime.fromisoformat(marketing["statements"][0]["recorded_at"]).tzinfo is not None
    assert told["purposes"]["order_news"] == {"answer": None, "since": None, "statements": []}


def test_the_proof_of_somebody_who_was_erased_is_the_refusal_that_was_kept(config: Path) -> None:
    hear(config, "yes", "order 5", hours=9)
    with shared(config.parent / "winback.db"):
        forget_words(ANA, now=now())
    told = json.loads(run(config, "show", ANA, "--json"))
    for purpose in ("marketing", "order_news"):
        [entry] = told["purposes"][purpose]["statements"]
        assert (entry["says"], entry["source"], entry["counts"]) == ("no", "erased", True)


def test_of_somebody_unknown_it_says_so(config: Path) -> None:
    ended = typed("consent", "show", "+15125550199", "--config", str(config))
    assert isinstance(ended.exception, BadInput)
    assert "nothing is known of +15125550199" in str(ended.exception)


def test_an_import_tells_apart_what_a_refusal_outweighs(config: Path, tmp_path: Path) -> None:
    hear(config, "no", "whatsapp", hours=1)
    file = tmp_path / "list.csv"
    file.write_text(f"phone\n{ANA}\n+15125550112\n")
    assert run(config, "import", str(file)) == (
        "1 statement added, 1 outweighed by a refusal, 0 known already, 0 lines set aside\n"
    )
    assert run(config, "import", str(file)) == (
        "0 statements added, 2 known already, 0 lines set aside\n"
    )


# winback replies


def replies(config: Path, *words: str) -> str:
    ended = typed("replies", *words, "--config", str(config))
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def write(wamid: str, words: str, *, hours: float, **columns: object) -> None:
    row = {"kind": "text", "sender": ANA[1:], "at": now() - timedelta(hours=hours)} | columns
    Reply.insert(wamid=wamid, text=words, **row).execute()


def test_replies_are_shown_with_what_they_answer_and_how_long_they_can_be_answered(
    world: World, config: Path
) -> None:
    with shared(config.parent / "winback.db"):
        [uid] = world.queue()
        contact = Contact.get()
        Contact.update(phone=ANA, first_name="Ana").execute()
        Message.update(state="read", wamid="wamid.A", claimed_at=now() - timedelta(days=2)).where(
            Message.uid == uid
        ).execute()
        write("wamid.1", "[red] in M?", hours=30, contact_id=contact.id, in_reply_to="wamid.A")
        write("wamid.2", "", hours=3, contact_id=contact.id, kind="image")
        write("wamid.3", "hello", hours=2, sender="US.7")
        write("wamid.4", "a -> b", hours=2, kind="system")
        write("wamid.5", "old", hours=200)
    shown = replies(config)
    assert "[red] in M?" in shown
    assert "(image)" in shown
    assert "old" not in shown
    told = [json.loads(line) for line in replies(config, "--json").splitlines()]
    assert [(one["id"], one["phone"], one["user_id"], one["name"]) for one in told] == [
        ("wamid.1", ANA, None, "Ana"), ("wamid.2", ANA, None, "Ana"), ("wamid.3", None, "US.7", None),
    ]  # fmt: skip
    assert [one["in_reply_to"] and one["in_reply_to"]["campaign"] for one in told] == [
        "we_miss_you", "we_miss_you", None,
    ]  # fmt: skip
    assert told[0]["in_reply_to"].keys() == {"campaign", "template", "sent_at"}
    assert all(datetime.fromisoformat(one["window_open_until"]) > now() for one in told)
    assert len(replies(config, "--contact", TYPED, "--json").splitlines()) == 2
    assert "old" in replies(config, "--days", "30")


def test_nobody_wrote(config: Path) -> None:
    assert replies(config) == "nobody wrote in the last 7 days\n"
    assert replies(config, "--days", "1") == "nobody wrote in the last day\n"
    shown = replies(config, "--days", "1", "--contact", TYPED)
    assert shown == f"{ANA} did not write in the last day\n"


HOSTILE = "a\x1b[2Jb\x00c\u202ed\x9be :smile: \u200d\U0001f600"
HARMFUL = ("\x1b", "\x00", "\u202e", "\x9b")


def test_what_strangers_write_does_nothing_to_a_terminal(config: Path) -> None:
    with shared(config.parent / "winback.db"):
        contact = Contact.put([{"phone": ANA, "first_name": HOSTILE, "created_at": now()}])[ANA]
        write("wamid.1", HOSTILE, hours=1, contact_id=contact, kind="\x1bkind")
        write("wamid.2", "", hours=1, sender="US\x1b", kind="\x1bkind")
    hear(config, "no", "whatsapp", hours=1, words=HOSTILE)
    for told in (
        replies(config), replies(config, "--json"), run(config, "show", ANA),
        run(config, "show", ANA, "--json"),
    ):  # fmt: skip
        assert not [one for one in HARMFUL if one in told]
    line = json.loads(replies(config, "--json").splitlines()[0])
    assert (line["text"], line["name"]) == (HOSTILE, HOSTILE)  # a program gets it whole
    on_a_terminal = typed_on_a_terminal("replies", "--config", str(config))[1]
    assert "\\x1b[2Jb" in "".join(on_a_terminal.split())
    assert not [one for one in ("\x1b[2J", *HARMFUL[1:]) if one in on_a_terminal]  # bold is ours


def test_a_stop_is_marked_as_one(config: Path) -> None:
    with shared(config.parent / "winback.db"):
        write("wamid.1", "¡Stop!", hours=6)
        write("wamid.2", "do not stop", hours=5)
        write("wamid.3", "STOP_PROMOTIONS", hours=4, kind="interactive")
        write("wamid.4", "Rather not", hours=3, kind="button")
        write("wamid.5", "Rather not", hours=2)
        moment = Reply.get_by_id("wamid.4").at
        no = Heard(phone=ANA, says="no", source="whatsapp", said_at=moment, words="Rather not")
        record([no], now=moment)
    config.write_text(config.read_text() + '[consent]\nstop_payloads = ["STOP_PROMOTIONS"]\n')
    told = [json.loads(line) for line in replies(config, "--json").splitlines()]
    assert [one["is_stop"] for one in told] == [True, False, True, True, False]
    marked = [line.split()[4] == "STOP" for line in replies(config).splitlines() if ANA in line]
    assert marked == [True, False, True, True, False]

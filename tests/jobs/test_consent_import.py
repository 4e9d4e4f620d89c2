"""Consents from a list."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.consent import Heard, record
from agent.errors import BadInput
from agent.jobs.consent_import import Imported, import_consent
from models import Contact, Statement

ANA, BEN = "+15125550111", "+15125550112"
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def listed(tmp_path: Path, now: datetime) -> Path:
    """An empty CSV file that was written at noon."""
    return tmp_path / "list.csv"


def write(path: Path, text: str, now: datetime, encoding: str = "utf-8") -> None:
    path.write_bytes(text.encode(encoding))
    os.utime(path, (now.timestamp(), now.timestamp()))


def bring_in(path: Path, now: datetime, country: str = "US", **more: str) -> Imported:
    return import_consent(path, country=country, now=now, **more)


def standing(phone: str, purpose: str = "marketing") -> str:
    return str(getattr(Contact.get(Contact.phone == phone), purpose))


def both(phone: str) -> tuple[str, str]:
    """What stands of marketing and of order news."""
    return standing(phone), standing(phone, "order_news")


def test_a_bare_list_of_numbers_is_a_list_of_consents(listed: Path, now: datetime) -> None:
    write(listed, f"phone\n{ANA}\n(512) 555-0112\n", now)
    done = bring_in(listed, now)
    assert (done.added, done.known, done.set_aside) == (2, 0, [])
    assert standing(ANA) == standing(BEN) == "yes"


def test_the_proof_says_where_when_and_in_which_words(listed: Path, now: datetime) -> None:
    write(listed, f"phone,says,date,wording\n{ANA},yes,2026-01-05T10:00+01:00,Yes please\n", now)
    bring_in(listed, now)
    proof = Statement.get()
    assert proof.source == "import list.csv:2"
    assert proof.said_at == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    assert proof.words == "Yes please"


def test_importing_it_again_changes_nothing(listed: Path, now: datetime) -> None:
    write(listed, f"phone\n{ANA}\n", now)
    bring_in(listed, now)
    again = bring_in(listed, now + timedelta(days=1))
    assert (again.added, again.known) == (0, 1)
    assert Statement.select().count() == 1


def test_an_import_never_overrides_a_stop(listed: Path, now: datetime) -> None:
    stop = Heard(phone=ANA, says="no", source="whatsapp", said_at=now - timedelta(days=9))
    write(listed, f"phone\n{ANA}\n", now)
    bring_in(listed, now)
    record([stop], now=now)
    assert standing(ANA) == "no"


def test_a_list_of_refusals_counts(listed: Path, now: datetime) -> None:
    write(listed, f"Phone;Says\n{ANA};NO\n", now)
    assert bring_in(listed, now).added == 1
    assert standing(ANA) == "no"


def test_what_cannot_be_used_is_set_aside_and_the_rest_is_taken(
    listed: Path, now: datetime
) -> None:
    lines = ["phone,says,date", "hello,yes,", f"{ANA},maybe,", f"{ANA},yes,tomorrow", f"{BEN},yes,"]
    write(listed, "\n".join([*lines, f"{ANA},yes,2031-01-01", ",yes,"]), now)
    done = bring_in(listed, now)
    assert done.added == 1
    assert [line for line, _ in done.set_aside] == [2, 3, 4, 6, 7]
    reasons = " | ".join(reason for _, reason in done.set_aside)
    for words in (
        "has letters",
        "write yes or no",
        "write it as 2026-03-01",
        "later than",
        "empty",
    ):
        assert words in reasons


def test_the_country_of_a_line_reads_its_number(listed: Path, now: datetime) -> None:
    write(listed, "phone,country\n11 91234-5678,BR\n", now)
    bring_in(listed, now)
    assert Contact.get().phone == "+5511912345678"


def test_a_spreadsheets_mark_at_the_beginning_does_no_harm(listed: Path, now: datetime) -> None:
    write(listed, f"phone\n{ANA}\n", now, encoding="utf-8-sig")
    assert bring_in(listed, now).added == 1


def test_more_lines_than_one_batch(listed: Path, now: datetime) -> None:
    numbers = [f"+4917{n:08d}" for n in range(10_000_000, 10_001_200)]
    write(listed, "\n".join(["phone", *numbers]), now)
    done = bring_in(listed, now)
    assert done.added + len(done.set_aside) == 1200
    assert Contact.select().where(Contact.marketing == "yes").count() == done.added > 1000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "missing"),
        ("name,says\nAna,yes\n", "name, says"),
        ("phone,mood\n1,good\n", "phone, mood"),
    ],
)
def test_other_columns_are_refused_with_what_is_wanted(
    listed: Path, now: datetime, text: str, said: str
) -> None:
    write(listed, text, now)
    with pytest.raises(BadInput) as refusal:
        bring_in(listed, now)
    assert f"{listed}:1" in refusal.value.what
    assert said in refusal.value.what
    assert "phone" in refusal.value.fix


def test_a_file_that_is_no_text_or_is_missing_is_named(listed: Path, now: datetime) -> None:
    with pytest.raises(BadInput, match="No such file"):
        bring_in(listed, now)
    write(listed, f"phone\n{ANA}\nJosé", now, encoding="latin-1")
    with pytest.raises(BadInput, match=r"list\.csv"):
        bring_in(listed, now)


def test_a_cell_that_is_left_blank_is_no_yes(listed: Path, now: datetime) -> None:
    write(listed, f"phone,says\n{ANA},yes\n{BEN},\n", now)
    done = bring_in(listed, now)
    assert (done.added, [line for line, _ in done.set_aside]) == (1, [3])
    assert Contact.get_or_none(Contact.phone == BEN) is None


# what it is about


def test_a_list_without_a_purpose_is_about_marketing(listed: Path, now: datetime) -> None:
    write(listed, f"phone\n{ANA}\n", now)
    bring_in(listed, now)
    assert both(ANA) == ("yes", "")


@pytest.mark.parametrize(
    ("purpose", "stand"),
    [("marketing", ("yes", "")), ("order_news", ("", "yes")), ("both", ("yes", "yes"))],
)
def test_the_purpose_of_a_list_can_be_named(
    listed: Path, now: datetime, purpose: str, stand: tuple[str, str]
) -> None:
    write(listed, f"phone\n{ANA}\n", now)
    bring_in(listed, now, purpose=purpose)
    assert both(ANA) == stand


def test_each_line_can_name_its_own(listed: Path, now: datetime) -> None:
    cleo = "+15125550113"
    lines = [f"{ANA},yes,order_news", f"{BEN},yes,Marketing", f"{cleo},no,BOTH"]
    write(listed, "\n".join(["phone,says,purpose", *lines]), now)
    # when the list as a whole is said to be about something else
    done = bring_in(listed, now, purpose="order_news")
    assert (done.added, done.set_aside) == (4, [])
    assert (both(ANA), both(BEN), both(cleo)) == (("", "yes"), ("yes", ""), ("no", "no"))
    again = bring_in(listed, now)
    assert (again.added, again.known) == (0, 4)


@pytest.mark.parametrize("purpose", ["", "news", "order news", "marketing,order_news"])
def test_a_purpose_that_is_none_is_set_aside(listed: Path, now: datetime, purpose: str) -> None:
    write(listed, f'phone,purpose\n{ANA},"{purpose}"\n', now)
    done = bring_in(listed, now, purpose="order_news")
    assert (done.added, done.set_aside) == (
        0,
        [(2, f"purpose {purpose!r}: write marketing, order_news, both")],
    )


@pytest.mark.parametrize("purpose", ["marketing", "order_news"])
def test_an_import_never_overrides_a_no_to_the_same_purpose(
    listed: Path, now: datetime, purpose: str
) -> None:
    said = Heard(
        phone=ANA, purpose=purpose, says="no", source="whatsapp", said_at=now - timedelta(days=9)
    )
    record([said], now=now)
    write(listed, f"phone\n{ANA}\n", now)
    bring_in(listed, now, purpose="both")
    no_to_marketing = purpose == "marketing"
    assert both(ANA) == (("no", "yes") if no_to_marketing else ("yes", "no"))


def test_statements_of_a_line_stay_together_where_a_batch_ends(listed: Path, now: datetime) -> None:
    numbers = [f"+4917{n:08d}" for n in range(10_000_000, 10_000_999)]
    write(listed, "\n".join(["phone", *numbers]), now)
    done = bring_in(listed, now, purpose="both")
    assert done.added == 2 * (len(numbers) - len(done.set_aside))
    assert Contact.agreed_count() == Contact.agreed_count("order_news") == done.added // 2

"""The figures as a shop's owner sees them: whole on 80 columns, honest about nothing."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from agent.commands.report.tables import print_report
from agent.commands.report.words import NAMES, money
from agent.config.campaigns import PLANNED
from agent.jobs.report import Example, Failure, Line, Part, Report
from agent.rules.comparison import Arm, Comparison
from agent.rules.figures import Figures
from agent.rules.intervals import Sums
from agent.rules.reasons import Why

DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
LARGE = Line(
    "loyalty_reward",
    Figures(
        chosen=12_345, sent=12_340, delivered=12_000, opened=11_000, replied=1_234, clicked=4_000,
        waiting=2, failed=1, dropped=1, unknown=1, converted=1_229, withheld=1_111, opt_outs=12,
        orders=Counter(BRL=1_230), revenue=Counter(BRL=123_456_789), cost=Decimal("1234.56"),
    ),
)  # fmt: skip
SMALL = Line("we_miss_you", Figures(chosen=1))


def shown(
    capsys: pytest.CaptureFixture[str], *, shop: str = "Example Shop", title: str = "here", **more: object
) -> str:  # fmt: skip
    detailed = bool(more.pop("detailed", False))
    known = {
        "first": DAY.date(),
        "last": DAY.date(),
        "shop": shop,
        "currency": "BRL",
        "cost_currency": "USD",
    }
    print_report(Report(**known | more), title=title, detailed=detailed)  # type: ignore[arg-type]  # as the test says
    return capsys.readouterr().out


def test_large_figures_are_whole_on_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, lines=[LARGE, SMALL])
    assert max(map(len, told.splitlines())) <= 80
    assert "…" not in told
    for figure in ("12,345", "12,340", "12,000", "11,000", "1,234", "1,230", "R$1,234,567.89"):
        assert figure in told
    for share in ("97%", "89%", "10%"):
        assert share in told
    assert "Loyalty reward, not sent: 1,111 held out, 2 waiting, 1 failed, 1 dropped, 1" in told


def test_a_wide_terminal_keeps_each_campaign_on_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    told = shown(capsys, lines=[LARGE])
    [line] = [line for line in told.splitlines() if "Loyalty reward " in line]
    assert line.split()[2:4] == ["12,345", "12,340"]
    assert max(len(line.rstrip()) for line in told.splitlines()) < 110  # not torn apart


def test_a_share_of_nothing_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, lines=[SMALL])
    assert "%" not in told
    assert "not sent" not in told


def test_nothing_at_all_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, shop="", currency="", title="the last 30 days")
    assert told == "the last 30 days: nobody was chosen, nothing was sent\n"


def test_brackets_in_names_are_nothing_but_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    example = Example("Ana [/red], +1555...11", "we_miss_you", "quiet [bold]", "read")
    told = shown(capsys, shop="Shop [/x]", lines=[SMALL], examples=[example])
    for name in ("Ana [/red]", "quiet [bold]", "Shop [/x]: here"):
        assert name in told


def test_below_a_reason_stands_why_it_was_none_of_those_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    why = (
        "quiet for 70 days, new for them: Tea; green; back_in_stock: waits for nothing that is back; "
        "price_drop: is switched off; loyalty_reward: has not spent enough"
    )
    told = shown(capsys, lines=[SMALL], examples=[Example("Ana", "new_arrivals", why, "read")])
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "Ana quiet for 70 days, new for them: Tea; green read" in lines
    assert "- not Loyalty reward: has not spent enough" in lines
    assert "- not Back in stock: waits for nothing that is back" in " ".join(lines)
    assert "loyalty_reward" not in told
    assert "switched off" not in told  # that is no news of Ana


def test_every_campaign_has_a_name_and_comes_in_the_order_of_preference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tuple(NAMES) == PLANNED
    examples = [Example("Ana", key, "why", "read") for key in sorted((*PLANNED, "of_old"))]
    told = shown(
        capsys, lines=[Line(key, Figures(chosen=1)) for key in sorted(PLANNED)], examples=examples
    )
    for part in (told[: told.index("Some of")], told[told.index("Some of") :]):
        places = [part.index(f" {name} ") for name in NAMES.values()]
        assert places == sorted(places)
    assert told.index("of_old") > told.rindex("We miss you")


def test_a_campaign_that_this_version_does_not_know_goes_by_its_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "of_old" in shown(capsys, lines=[Line("of_old", Figures(chosen=1))])


def test_other_currencies_are_told_apart_and_with_their_own_decimals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    revenue = Counter({"BRL": 100, "USD": 1234, "JPY": 500, "KWD": 1500})
    told = shown(capsys, lines=[Line("we_miss_you", Figures(chosen=1, revenue=revenue))])
    assert "and in other currencies: ¥500, KWD" in told
    assert "$12.34" in told
    assert "1.500" in told


def test_who_was_left_alone_comes_in_order_of_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    reasons = {Why.CHOSEN: 900, Why.SAID_NO: 1, Why.NO_CONSENT: 1_200, Why.NOT_QUIET: 30}
    told = shown(capsys, reasons=reasons, decided_at=DAY)
    assert "on 02 March 2026" in told
    body = told[told.index("because this person") :]
    counts = [line.split()[0] for line in body.splitlines() if "  " in line and line.split()][1:]
    assert counts == ["1,200", "30", "1"]
    assert "900" not in told  # those were not left alone


@pytest.mark.parametrize(("kinds", "ends"), [(3, "1 c)"), (4, "1 c, ...)")])
def test_why_numbers_cannot_be_written_to_is_cut_only_when_it_is_long(
    capsys: pytest.CaptureFixture[str], kinds: int, ends: str
) -> None:
    unreachable = dict(list({"a": 3, "b": 2, "c": 1, "d": 1}.items())[:kinds])
    told = shown(capsys, reasons={Why.SAID_NO: 1}, unreachable=unreachable)
    assert f"(3 a, 2 b, {ends}" in " ".join(told.split())


def test_money_of_a_shop_that_was_not_read_yet_is_no_money() -> None:
    assert money(0, "") == "-"
    assert money(19_733, "BRL") == "R$197.33"


# all of it


def test_all_of_it_fits_80_columns_too(capsys: pytest.CaptureFixture[str]) -> None:
    loyal = [Part("loyalty_reward", language, LARGE.figures) for language in ("en", "pt_BR")]
    told = shown(
        capsys,
        detailed=True,
        lines=[Line("loyalty_reward", LARGE.figures, loyal), SMALL],
        news=[Line("order_partly_refunded", LARGE.figures)],
        failures=[
            Failure("loyalty_reward", 131049, "WhatsApp spares this person marketing", 9_999)
        ],
    )
    assert max(map(len, told.splitlines())) <= 80
    assert "…" not in told
    for figure in ("12,345", "12,000", "11,000", "4,000", "1,234", "R$1,234,567.89", "$1,234.56"):
        assert figure in told
    # shares stand below, and between what they truly are: 12,000 of 12,340
    assert "97.2%" in told
    assert "97-98" in told
    assert "R$1,003.71" in told  # an order
    assert "Order partly refunded" in told
    assert "WhatsApp spares this person marketing (131049)" in told
    assert "pt_BR" in told


def test_the_course_of_the_days_is_a_row_of_bars(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {
        "2026-02-27": Figures(chosen=8, sent=8, orders=Counter(BRL=1)),
        "2026-03-01": Figures(chosen=4, sent=4),
        "2026-03-02": Figures(chosen=1, sent=1),
    }
    told = shown(
        capsys, detailed=True, lines=[SMALL], days=days, first=date(2026, 2, 27)
    ).splitlines()
    assert "sent a day   █ ▅▂  most: 8 on 27 Feb" in told
    assert "orders a day █     most: 1 on 27 Feb" in told


@pytest.mark.parametrize(("days", "first"), [(1, 1), (63, 63)])
def test_one_day_has_no_course_and_years_would_fit_no_line(
    capsys: pytest.CaptureFixture[str], days: int, first: int
) -> None:
    began = DAY.date() - timedelta(days=first - 1)
    figures = {
        began.isoformat(): Figures(chosen=1, sent=1),
        "2026-03-02": Figures(chosen=1, sent=1),
    }
    told = shown(capsys, detailed=True, lines=[SMALL], days=figures, first=began)
    assert "a day" not in told


def test_many_reasons_of_failure_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    failures = [Failure("we_miss_you", code, "why", 100 - code) for code in range(20)]
    told = shown(capsys, detailed=True, lines=[SMALL], failures=failures)
    assert "(11)" in told
    assert "(12)" not in told
    assert f"{sum(100 - code for code in range(12, 20))}" in told


def test_what_would_have_happened_anyway_stands_in_a_block(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arm = Arm(1_000, 10, Sums(1_000, 100, 100))
    told = shown(
        capsys,
        detailed=True,
        lines=[SMALL],
        compared={"we_miss_you": Comparison(arm, arm, 0.5, 2_000)},
        everything=Comparison(arm, arm, 0.5, 2_000),
    )
    block = told[told.index("What would have happened anyway") :]
    assert block.index("We miss you") < block.index("All marketing")
    assert block.count("cannot tell yet, about") == 2

"""How a simulation looks on narrow and wide terminals: no figure is ever cut."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sending_world import World
from typing_in import typed

from agent.commands.simulate.tables import print_simulation
from agent.rehearse.outcome import Line, Simulation, Sum

UNTIL = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
MONTHS = ("", "2026-09", "2026-10", "2026-11")
NAMES = ("we_miss_you", "loyalty_reward", "back_in_stock")


def simulation(currency: str, one: Sum) -> Simulation:
    return Simulation(
        shop="Loja Exemplo",
        zone="America/Sao_Paulo",
        currency=currency,
        cost_currency=currency,
        began=UNTIL - timedelta(days=60),
        until=UNTIL,
        lines=[Line(name, month, one) for name in NAMES for month in MONTHS],
        total=one,
    )


SMALL = Sum(people=335, messages=957, withheld=140, buyers=21, revenue=163_489)
LARGE = Sum(
    people=123_456, messages=1_234_567, withheld=140_000, dropped=12_345, buyers=21_000,
    revenue=1_234_567_890, cost=Decimal("1234567.25"), unpriced=957_000,
)  # fmt: skip


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("currency", ["BRL", "CLF", "XOF", "KWD"])
@pytest.mark.parametrize("one", [SMALL, LARGE], ids=["small", "large"])
def test_no_figure_is_cut_and_no_line_is_too_long(
    width: int,
    currency: str,
    one: Sum,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_simulation(simulation(currency, one), window=timedelta(days=30))
    told = capsys.readouterr().out
    assert "…" not in told
    assert max(len(line.rstrip()) for line in told.splitlines()) <= width
    words = told.split()
    for figure in (f"{one.people:,}", f"{one.messages:,}", f"{one.withheld:,}", f"{one.buyers:,}"):
        assert sum(word.rstrip(",:") == figure for word in words) >= len(NAMES) * len(MONTHS)


def test_the_usual_figures_are_a_table_at_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_simulation(simulation("BRL", SMALL), window=timedelta(days=30))
    told = capsys.readouterr().out
    [row, *_] = [line for line in told.splitlines() if "We miss you" in line]
    assert row.split() == [
        "We",
        "miss",
        "you",
        "335",
        "957",
        "R$0.00",
        "140",
        "0",
        "21",
        "R$1,634.89",
    ]
    assert "R$1,634.89" in told


@pytest.fixture
def all_off(world: World) -> Path:
    return world.write_config(campaigns__we_miss_you__enabled=False)


def test_while_no_campaign_is_on_it_says_so_and_how_to_try_one(all_off: Path) -> None:
    done = typed("simulate", "--config", str(all_off))
    assert done.exit_code == 0
    assert "No campaign is on" in done.output
    assert "--campaign NAME" in done.output
    assert "we_miss_you" in done.output

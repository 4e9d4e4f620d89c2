"""How the report says what cannot be said by a figure alone: on the terminal and on the page alike."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

from babel.numbers import format_currency

from agent.rules.comparison import Comparison, Verdict, visible_beforehand
from agent.rules.figures import Figures
from agent.rules.intervals import Difference
from agent.rules.money import amount
from agent.rules.order_kinds import KINDS, STATUS_UPDATE, STATUSES

NAMES = {
    "back_in_stock": "Back in stock",
    "price_drop": "Price drop",
    "loyalty_reward": "Loyalty reward",
    "new_arrivals": "New arrivals",
    "we_miss_you": "We miss you",
}
NEWS_NAMES = {kind: kind.replace("_", " ").capitalize() for kind in (*KINDS, STATUS_UPDATE)}

Named = TypeVar("Named")


def campaign_name(key: str) -> str:
    """`we_miss_you` as people say it; a status of the shop's own by its name there."""
    return NAMES.get(key) or NEWS_NAMES.get(key) or key.removeprefix(f"{STATUSES}.")


def in_order(named: Sequence[Named], key: Callable[[Named], str]) -> list[Named]:
    """By campaign or kind of news, as they are named above; those of other versions last."""
    keys = [*NAMES, *NEWS_NAMES]
    return sorted(named, key=lambda one: keys.index(key(one)) if key(one) in keys else len(keys))


def money(minor: int, currency: str) -> str:
    """Minor units as people write them; "-" for a shop whose currency is not known yet."""
    return format_currency(amount(minor, currency), currency, locale="en") if currency else "-"


def cost(figures: Figures, currency: str) -> str:
    """What messages cost; of those whose price nobody knows, only how many there are."""
    known = format_currency(figures.cost, currency, locale="en")
    if not figures.unpriced:
        return known
    missing = f"{figures.unpriced:,} without a price"
    return f"{known} and {missing}" if figures.cost else missing


def percent(share: float) -> str:
    return f"{share:.1%}"


def comparison_lines(one: Comparison, currency: str, window: timedelta) -> Iterator[str]:
    """What the messages brought, beside what would have happened anyway."""
    treated, control, found = one.treated, one.control, one.difference
    yield (
        f"{_people(treated.people)} may be written to, {percent(treated.rate)} of them bought; "
        f"{_people(control.people)} held out, {percent(control.rate)} of them bought"
    )
    if one.since is not None:
        yield f"since {one.since:%d %b %Y}, when they were first drawn like this"
    if one.verdict is Verdict.NOBODY:
        yield "nobody to compare yet"
        return
    if one.verdict is Verdict.NOT_COMPARABLE:
        yield (
            f"THE GROUPS CANNOT BE COMPARED: {percent(one.share or 0)} were to be held out, and "
            f"{percent(control.people / one.people)} are; chance does that less than once in 1,000 "
            "times. Please tell us of it"
        )
        return
    yield f"difference: {_points(found)} (95 % sure: {_span(found)} points)"
    yield _verdict(one, currency)
    if one.visible is not None and one.visible > 1 - one.base:
        yield "so few people can show no difference at all"
    elif one.visible is not None:
        yield f"so many people can show a difference of {one.visible * 100:.2f} points or more"
    if one.complete < one.people:
        yield (
            f"{one.people - one.complete:,} of {one.people:,} may still buy: their {window.days} "
            "days are not over"
        )


def beforehand(everything: Comparison, share: float) -> str:
    """What a campaign can show at all with the people that there are, before it wrote to anybody; "" where
    that cannot be said."""
    visible = visible_beforehand(everything, share)
    if visible is None:
        return ""
    bought = (everything.treated.buyers + everything.control.buyers) / everything.people
    return (
        f"of the {_people(everything.people)} who agreed, {percent(bought)} bought in this time; a campaign "
        f"that chooses all of them and holds out {percent(share)} can show a difference of "
        f"{visible * 100:.2f} points or more"
    )


def _verdict(one: Comparison, currency: str) -> str:
    match one.verdict:
        case Verdict.MORE | Verdict.FEWER:
            buyers, revenue = one.extra_buyers, one.extra_revenue
            told = (
                f"so the messages brought {buyers.value:,.0f} buyers who would not have come "
                f"({buyers.low:,.0f} to {buyers.high:,.0f})"
                if one.verdict is Verdict.MORE
                else f"so the messages kept {-buyers.value:,.0f} people from buying "
                f"({-buyers.high:,.0f} to {-buyers.low:,.0f})"
            )
            if revenue is not None:
                value, low, high = (
                    money(round(minor), currency)
                    for minor in (revenue.value, revenue.low, revenue.high)
                )
                told += f", and {value} of revenue ({low} to {high})"
            return told
        case Verdict.NO_DIFFERENCE:
            return (
                "so there is no difference worth knowing: a tenth of who buys anyway would be seen"
            )
    if one.more_needed is None:
        return "cannot tell yet: nobody bought"
    return f"cannot tell yet, about {_rounded(one.more_needed):,} more people needed"


def _rounded(people: int) -> int:
    """To two digits: it is an estimate."""
    step: int = 10 ** max(len(str(people)) - 2, 0)
    return -(-people // step) * step


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _points(found: Difference) -> str:
    more = "more" if found.value >= 0 else "fewer"
    return f"{abs(found.value) * 100:.2f} points {more} bought"


def _span(found: Difference) -> str:
    return f"{found.low * 100:+.2f} to {found.high * 100:+.2f}"

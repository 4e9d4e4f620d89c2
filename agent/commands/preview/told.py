"""A plan as the terminal shows it, before anything of it is made."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent.commands.printable import printable, printable_lines
from agent.commands.why.conditions import at
from agent.explain import CampaignPlanned, HoldShown, PlanShown, Sample
from agent.rules.reasons import Why


def tell(plan: PlanShown, more_holds: Sequence[HoldShown] = ()) -> None:
    """Print it. Names and texts are other people's, so nothing in them is taken for a sign."""
    console = Console(highlight=False, markup=False, emoji=False)
    zone = ZoneInfo(plan.shop_zone)
    rehearsed = (
        f", with {plan.rehearsed} as if it were on and nothing held it" if plan.rehearsed else ""
    )
    console.print(
        f"The plan of {at(plan.at, zone)} ({plan.shop_zone}){rehearsed}. Nothing is sent."
    )
    shown = [one for one in plan.campaigns if plan.rehearsed in {"", one.name}]
    is_on = any(one.enabled for one in plan.campaigns) or plan.rehearsed
    if is_on:
        console.print(_table(shown, plan, zone))
    else:
        console.print(
            "No campaign is on, so nobody would be written to. --campaign NAME shows the plan of one as if it "
            f"were on: {', '.join(one.name for one in plan.campaigns)}."
        )
    if plan.queued:
        console.print(f"Before these {plan.queued:,} messages leave that are queued already.")
    for campaign in shown:
        for sample in campaign.samples:
            for line in _sample(campaign, sample, plan, zone):
                console.print(line)
    # while none is on, none fits anybody
    left_alone = [one for one in plan.left_alone if is_on or one[0] is not Why.NOTHING_FITS]
    if left_alone:
        console.print("Left alone:" if is_on else "Left alone, whichever is on:")
        for why, count in left_alone:
            console.print(f"  {count:>9,}  {why.value}")
    for hold in (*more_holds, *plan.holds):
        named = f"{hold.campaign}: " if hold.campaign else ""
        console.print(f"Held: {named}{hold.what}\n    -> {hold.fix}")
    for note in plan.notes:
        console.print(f"Note: {note}")


def _table(shown: Sequence[CampaignPlanned], plan: PlanShown, zone: ZoneInfo) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for heading in ("campaign", "", "people", "held out", "would cost", "would leave"):
        right = heading in {"people", "held out", "would cost"}
        table.add_column(
            heading,
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=heading == "campaign",
        )
    for one in shown:
        table.add_row(
            one.name,
            "on" if one.enabled else "off",
            f"{one.told:,}",
            f"{one.held_out:,}",
            _cost(one, plan),
            _leaves(one, zone),
        )
    if len(shown) > 1:
        total = _total(shown)
        table.add_row("all", "", f"{total.told:,}", f"{total.held_out:,}", _cost(total, plan), "")
    return table


def _total(shown: Sequence[CampaignPlanned]) -> CampaignPlanned:
    return CampaignPlanned(
        name="all",
        enabled=True,
        told=sum(one.told for one in shown),
        held_out=sum(one.held_out for one in shown),
        cost=sum((one.cost for one in shown), start=shown[0].cost - shown[0].cost),
        unpriced=sum(one.unpriced for one in shown),
        at_first=sum(one.at_first for one in shown),
        later=0,
        first_at=None,
        last_at=None,
        samples=(),
    )


def _cost(one: CampaignPlanned, plan: PlanShown) -> str:
    if not one.told:
        return "-"
    priced = f"{one.cost} {plan.cost_currency}"
    if not one.unpriced:
        return priced
    missing = f"{one.unpriced:,} without a price"
    return f"{priced} and {missing}" if one.told > one.unpriced else missing


def _leaves(one: CampaignPlanned, zone: ZoneInfo) -> str:
    if not one.told:
        return "-"
    if one.at_first < one.told:
        return f"{one.at_first:,} first, {one.told - one.at_first:,} wait: see below"
    if not one.later or one.first_at is None or one.last_at is None:
        return "at once"
    hours = f"{at(one.first_at, zone)} to {at(one.last_at, zone)}"
    at_once = one.told - one.later
    return f"{at_once:,} at once, {one.later:,} from {hours}" if at_once else f"from {hours}"


def _sample(
    campaign: CampaignPlanned, one: Sample, plan: PlanShown, zone: ZoneInfo
) -> Iterator[str]:
    leaves = "at once" if one.leaves_at <= plan.at else at(one.leaves_at, zone)
    cost = "" if one.cost is None else f", {one.cost} {plan.cost_currency}"
    yield f"{campaign.name} to {one.phone} {printable(one.name)}".rstrip() + f", {leaves}{cost}"
    yield f"  because: {printable(one.reason)}"
    yield f"  template {one.template} in {one.language}" + ("" if one.lines else ": not known yet")
    for line in one.lines:
        yield f"    {printable_lines(line)}".rstrip()
    yield ""

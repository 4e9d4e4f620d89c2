"""Why a person hears from the shop, or does not: everything that the rules look at, as values."""

from agent.explain.explain import explain
from agent.explain.explanation import Explanation, HoldShown
from agent.explain.finding import find_people
from agent.explain.holds import daemon_away, gather_holds
from agent.explain.plan_ahead import next_run, plan_ahead
from agent.explain.plan_shown import CampaignPlanned, PlanShown, Sample

__all__ = [
    "CampaignPlanned", "Explanation", "HoldShown", "PlanShown", "Sample", "daemon_away", "explain", "find_people",
    "gather_holds", "next_run", "plan_ahead",
]  # fmt: skip

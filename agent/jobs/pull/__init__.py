"""shop -> mirror: what is new or changed, page by page, each page in a transaction of its own."""

from agent.jobs.pull.cycle import follow_hints, pull_all, run_cycle
from agent.jobs.pull.drift import measure_drift
from agent.jobs.pull.facts import read_shop_facts

__all__ = ["follow_hints", "measure_drift", "pull_all", "read_shop_facts", "run_cycle"]

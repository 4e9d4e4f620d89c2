"""What people look at, wish for and leave in carts: told events and the shop's carts -> interest."""

from agent.jobs.interest.imports import import_events
from agent.jobs.interest.waiting import gather_interest

__all__ = ["gather_interest", "import_events"]

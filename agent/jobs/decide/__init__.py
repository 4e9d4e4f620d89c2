"""mirror -> outbox: who should hear from the shop today, and why; and why not the others."""

from agent.jobs.decide.plan import Planned, decide, plan

__all__ = ["Planned", "decide", "plan"]

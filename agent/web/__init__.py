"""What listens."""

from agent.web.intake import intake
from agent.web.listener import Listener

__all__ = ["Listener", "intake"]

"""outbox -> WhatsApp: claim, look once more, send, write down what came back."""

from agent.jobs.send.sender import Sender
from agent.jobs.send.waiting import what_waits

__all__ = ["Sender", "what_waits"]

"""outbox -> WhatsApp: claim, look once more, send, write down what came back."""

from agent.jobs.send.sender import Sender

__all__ = ["Sender"]

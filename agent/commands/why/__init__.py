"""winback why."""

from agent.commands.why.command import command

__all__ = ["command"]

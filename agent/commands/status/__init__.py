"""winback status."""

from agent.commands.status.command import command

__all__ = ["command"]

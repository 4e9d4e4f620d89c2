"""winback check."""

from agent.commands.check.command import command

__all__ = ["command"]

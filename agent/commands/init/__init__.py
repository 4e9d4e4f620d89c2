"""winback init."""

from agent.commands.init.command import command

__all__ = ["command"]

"""winback simulate."""

from agent.commands.simulate.command import command

__all__ = ["command"]

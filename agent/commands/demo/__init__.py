"""winback demo."""

from agent.commands.demo.command import command

__all__ = ["command"]

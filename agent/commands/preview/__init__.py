"""winback preview."""

from agent.commands.preview.command import command

__all__ = ["command"]

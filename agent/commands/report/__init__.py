"""winback report."""

from agent.commands.report.command import command

__all__ = ["command"]

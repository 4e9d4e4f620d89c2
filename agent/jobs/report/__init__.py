"""outbox + conversions -> figures that a shop's owner understands."""

from agent.jobs.report.ahead import known_ahead, work_out_ahead
from agent.jobs.report.people import Example
from agent.jobs.report.report import Failure, Line, Part, Report, report

__all__ = [
    "Example",
    "Failure",
    "Line",
    "Part",
    "Report",
    "known_ahead",
    "report",
    "work_out_ahead",
]

"""outbox + conversions -> figures that a shop's owner understands."""

from agent.jobs.report.people import Example
from agent.jobs.report.report import Failure, Line, Part, Report, report

__all__ = ["Example", "Failure", "Line", "Part", "Report", "report"]

"""Is what stands in the database whole, and does it agree with itself?"""

from agent.jobs.database_check.check import check_database, in_words, mend_standings
from agent.jobs.database_check.looked import Looked

__all__ = ["Looked", "check_database", "in_words", "mend_standings"]

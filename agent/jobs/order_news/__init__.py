"""mirror -> outbox: what orders did, told to those who agreed to hear of it.

Every OrderChange ends with an outcome: the news that it came to, or why nobody was told.
"""

from agent.jobs.order_news.tell import tell_orders

__all__ = ["tell_orders"]

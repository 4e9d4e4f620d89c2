"""Pages in a browser that show how winback is and what it does: made on the server, without scripts."""

from agent.web.dashboard.routes import dashboard

__all__ = ["dashboard"]

"""How the order news stand, as `winback status` tells it."""

from collections import Counter
from collections.abc import Iterator

from agent.config import Settings
from agent.jobs.status import RECENTLY, Status
from agent.order_news import moved_to_marketing

MOVED = (
    "WhatsApp counts its template as MARKETING: only those are told who agreed to marketing too, and it "
    "counts for their limits; ask for a review in WhatsApp Manager, or write it anew"
)


AS_WISHED = ("is switched off", "nothing to tell")
"""Outcomes that nobody has to look into."""


def news_lines(settings: Settings, status: Status) -> Iterator[tuple[str, str]]:
    """A line for each kind that is on, and what was told of late; reads the templates from the database."""
    troubles = status.troubles
    on = {kind: news for kind, news in settings.news.items() if news.enabled}
    if not on:
        yield "order news", "off"
    moved = moved_to_marketing()
    for kind, news in on.items():
        if kind not in troubles:
            said = "on; its template has not been looked at yet"
        else:
            said = f"CANNOT BE SENT: {troubles[kind]}" if troubles[kind] else "on"
        languages = sorted(
            language
            for language in (news.language, *news.translations)
            if (news.mapping_in(language).template, language) in moved
        )
        if languages:
            said += f"; in {', '.join(languages)} {MOVED}"
        yield "order news", f"{kind}: {said}"
    if on:
        yield "order news", _of_late(status)


def _of_late(status: Status) -> str:
    """How often there was something to tell, and why it was not told; `winback order` has the rest."""
    told = 0
    not_told: Counter[str] = Counter()
    for outcome, orders in status.news.items():
        kind, _, why_not = outcome.partition(": ")
        reason = why_not or kind
        if " " not in reason:  # the kind alone: a message of it was written
            told += orders
        elif reason not in AS_WISHED:
            not_told[reason] += orders
    reasons = ", ".join(f"{orders:,} x {reason}" for reason, orders in not_told.most_common())
    return f"{told:,} told in {RECENTLY.days} days{'; not told: ' if reasons else ''}{reasons}"

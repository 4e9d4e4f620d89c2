"""How the order news stand, as `winback status` tells it."""

from collections.abc import Iterator, Mapping

from agent.config import Settings
from agent.order_news import moved_to_marketing

MOVED = (
    "WhatsApp counts its template as MARKETING: only those are told who agreed to marketing too, and it "
    "counts for their limits; ask for a review in WhatsApp Manager, or write it anew"
)


def news_lines(settings: Settings, troubles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A line for each kind that is on; reads the templates from the database."""
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

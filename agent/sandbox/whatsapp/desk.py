"""The desk where templates are handed in, looked through and judged."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from agent.sandbox.whatsapp.news import (
    category_notice,
    category_update,
    template_quality_update,
    template_update,
)
from agent.sandbox.whatsapp.review import review
from agent.sandbox.whatsapp.templates import Template, TemplateShelf, components_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent.sandbox.clock import Clock
    from agent.sandbox.whatsapp.webhooks import Courier


NOTICE = timedelta(days=1)


class Desk:
    """A part of the account: its templates, and what becomes of them. `templates` is the shelf."""

    clock: Clock
    approve_templates_after: timedelta | None
    _courier: Courier

    def __init__(self) -> None:
        self.templates = TemplateShelf()
        self._template_ids: Iterator[int] = count(594425479261597)

    def add_template(
        self,
        name: str,
        language: str,
        category: str = "MARKETING",
        *,
        body: str,
        parameter_format: str = "POSITIONAL",
        header: str | None = None,
        footer: str | None = None,
        buttons: Sequence[dict[str, Any]] = (),
        offer: str | None = None,
        status: str = "APPROVED",
    ) -> Template:
        """Put a template on the shelf as if it had long been there, without a review.

        `header` is a text, or IMAGE, VIDEO, DOCUMENT; `buttons` as in the API, for example
        {"type": "URL", "text": "Open", "url": "https://shop.example/{{1}}"}; `offer` is the text of
        a limited-time offer. GraphError if the name is taken in that language.
        """
        components = components_of(
            body=body,
            parameter_format=parameter_format,
            header=header,
            footer=footer,
            buttons=buttons,
            offer=offer,
        )
        return self.templates.add(
            Template(
                id=str(next(self._template_ids)),
                name=name,
                language=language,
                category=category,
                parameter_format=parameter_format,
                components=components,
                status=status,
            )
        )

    def create_template(self, request: dict[str, Any]) -> Template:
        """Carry out `POST /message_templates`. GraphError 100 with a subcode if a rule is broken."""
        review(request)
        wait = self.approve_templates_after
        return self.templates.add(
            Template(
                id=str(next(self._template_ids)),
                name=request["name"],
                language=request["language"],
                category=request["category"],
                parameter_format=request.get("parameter_format", "POSITIONAL"),
                components=tuple(request["components"]),
                status="PENDING",
                approve_at=None if wait is None else self.clock.now() + wait,
            )
        )

    def judge_template(self, name: str, quality: str, language: str | None = None) -> None:
        """GREEN, YELLOW, RED or UNKNOWN, in one language or in all. KeyError if unknown."""
        before = {one.id: one.quality for one in self.templates.all()}
        for template in self.templates.change(name, language, quality=quality):
            update = template_quality_update(template, before[template.id])
            self._courier.put(update, self.clock.now())

    def announce_category(self, name: str, category: str, language: str | None = None) -> None:
        """Give notice that it will have another category in a day. KeyError if unknown."""
        due = self.clock.now() + NOTICE
        changes = {"correct_category": category, "recategorise_at": due}
        for template in self.templates.change(name, language, **changes):
            self._courier.put(category_notice(template), self.clock.now())

    def change_category(self, name: str, category: str, language: str | None = None) -> None:
        """Without a notice, as for an account that was warned. KeyError if unknown."""
        for old in self.templates.named(name, language):
            self._recategorise(old, category)

    def look_through_reviews(self) -> None:
        """Approve the created templates whose review is over by now, and recategorise those whose
        notice is."""
        now = self.clock.now()
        for template in self.templates.approve_due(now):
            self._courier.put(template_update(template), now)
        for template in self.templates.all():
            if template.recategorise_at is not None and template.recategorise_at <= now:
                self._recategorise(template, template.correct_category or template.category)

    def _recategorise(self, old: Template, category: str) -> None:
        changes = {
            "category": category,
            "previous_category": old.category,
            "correct_category": None,
            "recategorise_at": None,
        }
        for template in self.templates.change(old.name, old.language, **changes):
            self._courier.put(category_update(template), self.clock.now())

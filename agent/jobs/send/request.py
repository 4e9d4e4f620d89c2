"""The request that a message makes, by its template as WhatsApp has it now."""

import json
from functools import lru_cache
from typing import Any

from agent.config import LoyaltyReward, Settings
from agent.rules.contracts import TemplateContract
from agent.rules.templates import compile_template, complaints, components
from models import Message, Template
from models.base import raw


class TemplateTroubleError(Exception):
    """The template of a message cannot be used as things are; it may be mended in time."""


class Requests:
    """Makes the requests of one look at the queue: the templates may be others at the next.

    In the caller's transaction.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._contracts: dict[tuple[str, str], TemplateContract] = {}

    def body(self, message: Message, phone: str) -> dict[str, Any]:
        """Raises TemplateTroubleError, and ValueError for a message that can never be sent."""
        campaign = self._settings.occasions[message.campaign]
        mapping, contract = campaign.mapping_in(message.language), self._contract(message)
        wrong = complaints(contract, mapping, with_coupon=isinstance(campaign, LoyaltyReward))
        if wrong:
            raise TemplateTroubleError("; ".join(wrong))
        template: dict[str, Any] = {
            "name": message.template,
            "language": {"policy": "deterministic", "code": message.language},
        }
        parts = components(contract, mapping, message.variables)
        if parts:
            template["components"] = parts
        return {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": phone,
            "type": "template",
            "biz_opaque_callback_data": message.uid,
            "template": template,
        }

    def _contract(self, message: Message) -> TemplateContract:
        key = (message.template, message.language)
        if key not in self._contracts:
            this = (Template.name == message.template) & (Template.language == message.language)
            found = raw(Template.select(Template.body).where(this))
            if not found:
                raise ValueError(f"WhatsApp has no template {message.template!r} any more")
            self._contracts[key] = _compiled(found[0][0])
        return self._contracts[key]


@lru_cache(maxsize=64)
def _compiled(body: str) -> TemplateContract:
    """`body` is Meta's JSON."""
    return compile_template(json.loads(body))

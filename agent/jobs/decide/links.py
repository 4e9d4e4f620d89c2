"""The links of the messages that are reserved: counted, where the config says so."""

import secrets
from collections.abc import Collection
from datetime import datetime

from agent.config import Settings
from agent.rules.composing import Composed
from agent.rules.contracts import compile_template
from agent.rules.links import LENGTH, LETTERS, Roads, linked
from models import Link, Template


class Links:
    """Those of one batch of messages. In the transaction that writes these."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._roads = Roads(
            public_url=settings.web.public_url, shop_url=settings.shop.url, new_token=_new_token
        )
        self._buttons: dict[tuple[str, str], str] = {}  # (template, language) -> its address begins
        self._made: dict[str, dict[str, str]] = {}  # uid -> token -> path of the shop

    def put_into(self, uid: str, campaign: str, composed: Composed) -> dict[str, str]:
        """The values of this message, which is to be `uid`, with its links in them."""
        if not self._settings.links.count:
            return composed.values
        mapping = self._settings.campaigns[campaign].mapping_in(composed.language)
        button = self._button(composed) if mapping.url_suffix else ""
        done = linked(composed.values, mapping, button, self._roads)
        self._made[uid] = done.links
        return done.values

    def keep(self, written: Collection[str], now: datetime) -> None:
        """Write those of the messages that were written."""
        Link.put(
            [
                {"token": token, "message_uid": uid, "target": path, "created_at": now}
                for uid, links in self._made.items()
                if uid in written
                for token, path in links.items()
            ]
        )

    def _button(self, composed: Composed) -> str:
        """What the address of the template's button begins with."""
        key = composed.template, composed.language
        if key not in self._buttons:
            found = Template.get_or_none(Template.name == key[0], Template.language == key[1])
            base = compile_template(found.body).url_button_base if found is not None else ""
            self._buttons[key] = base
        return self._buttons[key]


def _new_token() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))

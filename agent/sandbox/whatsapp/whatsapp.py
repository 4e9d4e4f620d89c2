"""A stand-in for WhatsApp's Cloud API: one business account, one number, and the people it reaches.

This module holds what the account knows and does; `api` speaks HTTP for it. Time comes
from the clock that is handed in: with a `MovedClock`, call `deliver_due()` after each move.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.sandbox.whatsapp.crowd import Crowd
from agent.sandbox.whatsapp.customers import Customers
from agent.sandbox.whatsapp.desk import Desk
from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.future import Future
from agent.sandbox.whatsapp.messages import Accepted, outgoing_id
from agent.sandbox.whatsapp.news import template_update
from agent.sandbox.whatsapp.number import healthy_number
from agent.sandbox.whatsapp.parameters import fill
from agent.sandbox.whatsapp.payloads import Sender
from agent.sandbox.whatsapp.people import People, TypicalPeople
from agent.sandbox.whatsapp.phones import calling_code
from agent.sandbox.whatsapp.requests import MessageRequest, read_request
from agent.sandbox.whatsapp.standing import Standing
from agent.sandbox.whatsapp.switches import Switches
from agent.sandbox.whatsapp.webhooks import Courier

if TYPE_CHECKING:
    from datetime import datetime

    from agent.sandbox.clock import Clock


class WhatsApp(Switches, Desk, Standing, Customers):
    """The account. Its switches (latency, lost answers, failures) are described in `Switches`; what is
    done to its templates in `Desk`, how it stands with Meta in `Standing`, what people do in `Customers`.

    `accepted` keeps every message that was answered with a wamid, also if that answer was lost;
    `accepted_by_intent` counts them by `biz_opaque_callback_data`. `number` are the fields of the
    sender's number as the API shows them, to be changed at will. `people` decides what comes of
    the messages. Safe to use from many threads.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        phone_number_id: str = "106540352242922",
        business_account_id: str = "102290129340398",
        display_phone_number: str = "+1 555-078-3881",
        token: str = "EAAexample",  # noqa: S107 - a stand-in's key; it opens nothing
        app_secret: str = "example-app-secret",  # noqa: S107 - as above
        verify_token: str = "example-verify-token",  # noqa: S107 - as above
        seed: int = 0,
        people: People | None = None,
    ) -> None:
        """ValueError if `display_phone_number` has no plus and country code."""
        Switches.__init__(self, seed, app_secret=app_secret, verify_token=verify_token)
        Desk.__init__(self)
        self.clock, self.token = clock, token
        self.phone_number_id, self.business_account_id = phone_number_id, business_account_id
        self.people: People = TypicalPeople(seed) if people is None else people
        self.catalog_id = "194836987003835"
        self.accepted: list[Accepted] = []
        self.accepted_by_intent: Counter[str] = Counter()
        self.number = healthy_number(phone_number_id, business_account_id, display_phone_number)
        self._sender_code = calling_code(display_phone_number)
        self._crowd = Crowd(seed=seed, sender_code=self._sender_code)
        digits = "".join(character for character in display_phone_number if character.isdigit())
        self._own_digits = digits
        sender = Sender(business_account_id, phone_number_id, digits)
        self._courier = Courier(clock, sender, self)
        self._future = Future(self._crowd, self._courier, self, digits)
        self._lock = threading.Lock()
        self._sent_to: Counter[str] = Counter()
        self._held: list[Accepted] = []

    # sending

    def send(self, body: object, *, version: int = 26) -> Accepted:
        """Carry out `POST /messages` of Graph `version`: check, accept, and plan what comes of it.

        Raises GraphError with Meta's code for what the API refuses; BadGateway or Vanished if so planned.
        """
        request = read_request(body, self._sender_code)
        self.raise_planned_error(request.to)
        now = self.clock.now()
        person = self._crowd.at(request.to)
        if person.wa_id == self._own_digits:
            raise GraphError(131021, "The recipient is the sender.")
        draft = Accepted(
            id="",
            to=request.to,
            input=request.input,
            person=person,
            at=now,
            kind=request.kind,
            callback_data=request.callback_data,
        )
        self._require_standing(request.kind, now)
        if request.kind == "template":
            draft = self._fill_template(draft, request, version)
        elif not self._crowd.window_is_open(person, now):
            raise GraphError(
                131047,
                "Message failed to send because more than 24 hours have passed since the customer "
                "last replied to this number.",
            )
        invited = self._crowd.window_is_open(person, now)
        with self._lock:
            doomed = self.limits.take(person.key, now, invited=invited)
            self._sent_to[person.key] += 1
            nth = self._sent_to[person.key]
            message = replace(draft, id=outgoing_id(person.key, nth, self.seed))
            self.accepted.append(message)
            if message.callback_data is not None:
                self.accepted_by_intent[message.callback_data] += 1
            if not message.held:
                self._future.plan(message, self.people, now, doomed=doomed)
            elif not self._future.judge(message, self.people, now):
                self._held.append(message)
        return message

    @property
    def come_by_intent(self) -> Counter[str]:
        """How many messages of each intent came, or still may: those that were accepted and do not fail.

        Another try 24 h after a 131049, which Meta asks for, is one more that was accepted and not one
        more that came.
        """
        with self._lock:
            return Counter(
                one.callback_data
                for one in self.accepted
                if one.callback_data is not None and one.id not in self._future.failed
            )

    def release_held(self, template: str | None = None) -> int:
        """Send what was held for quality assessment, of one template or all. Says how many."""
        with self._lock:
            held = self._take_held(template)
            for message in held:
                self._future.plan(message, self.people, self.clock.now())
        return len(held)

    def drop_held(self, code: int = 132015, template: str | None = None) -> int:
        """Let what was held fail: 132015 is template pacing, 135000 portfolio pacing."""
        with self._lock:
            held = self._take_held(template)
            for message in held:
                self._future.fail(message, code, self.clock.now())
        return len(held)

    # templates

    def set_template_status(
        self, name: str, status: str, language: str | None = None, *, reason: str = "NONE"
    ) -> None:
        """Pause, disable, approve... a template in one language or in all. KeyError if unknown.

        What is held of one that is paused or disabled is dropped.
        """
        for template in self.templates.set_status(name, status, language, reason=reason):
            self._courier.put(template_update(template, reason=reason), self.clock.now())
        if status in {"PAUSED", "DISABLED"}:
            self.drop_held(132015 if status == "PAUSED" else 132016, name)

    # webhooks

    def subscribe(self, callback_url: str) -> None:
        """Post webhooks there; an app has one callback, so a new one replaces the old."""
        self._courier.callback_url = callback_url
        self.number["webhook_configuration"] = {"application": callback_url}

    def verify_callback(self) -> bool:
        """Whether the subscriber passes Meta's handshake (GET with hub.challenge)."""
        return self._courier.verify()

    def deliver_due(self) -> int:
        """Post everything that is due now, and say how many updates the subscriber took.

        What it did not take is due again later; see `pending_webhooks` and `next_webhook_at`.
        """
        self.look_through_reviews()
        return self._courier.deliver_due()

    def start_delivering(self) -> None:
        """Do that every 0.1 s in a daemon thread."""
        self._courier.start()

    def stop_delivering(self) -> None:
        """End the thread; what is not delivered stays."""
        self._courier.stop()

    def close(self) -> None:
        """Stop delivering and close the connection to the subscriber."""
        self._courier.close()

    @property
    def pending_webhooks(self) -> int:
        """Updates not yet taken by the subscriber, also those due much later."""
        return self._courier.pending()

    @property
    def dropped_webhooks(self) -> int:
        """Updates that no subscriber took for seven days: gone for good, as at Meta."""
        return self._courier.dropped

    @property
    def next_webhook_at(self) -> datetime | None:
        """When the next update is due; where a moved clock may jump to."""
        return self._courier.next_due()

    # what happens inside

    def _take_held(self, template: str | None) -> list[Accepted]:
        taken = [one for one in self._held if template in {None, one.template}]
        self._held = [one for one in self._held if template not in {None, one.template}]
        return taken

    def _fill_template(self, draft: Accepted, request: MessageRequest, version: int) -> Accepted:
        self.look_through_reviews()
        content, name = request.content, str(request.content["name"])
        language = str(content["language"]["code"])
        template = self.templates.find(name, language)
        if template is not None and template.status in {"PAUSED", "DISABLED"}:
            code = 132015 if template.status == "PAUSED" else 132016
            raise GraphError(code, f"template {name} in {language} is {template.status.lower()}")
        if template is None or template.status != "APPROVED":
            raise GraphError(132001, f"template name ({name}) does not exist in {language}")
        if template.category == "AUTHENTICATION" and not request.to.startswith("+"):
            raise GraphError(131062, "Authentication templates need a phone number.")
        filled = fill(template, content.get("components", []), version=version, now=draft.at)
        return replace(
            draft,
            template=name,
            language=language,
            category=template.category.lower(),
            parameters=filled.parameters,
            text=filled.text,
            quick_replies=filled.quick_replies,
            held=self.holds_this_message(),
        )

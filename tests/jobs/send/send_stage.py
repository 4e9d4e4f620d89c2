"""The agent's side of the sending tests: settings, a sender, and time that is moved by hand."""

import time
from collections.abc import Callable
from datetime import timedelta

from sending_world import World

from agent.jobs.send import Sender
from agent.jobs.track import track
from agent.rules.pace import Pace
from agent.sandbox.clock import MovedClock
from models import Webhook


class Office:
    """Where messages leave from. `settings` may be replaced at any time, as a reload does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.whatsapp = world.whatsapp
        assert isinstance(world.clock, MovedClock)
        self.clock = world.clock
        self.settings = world.settings()
        world.learn_the_shop(self.settings)

    def change(self, **changes: object) -> None:
        """Other settings from now on, named as in `World.write_config`."""
        self.settings = self.world.settings(**changes)

    def sender(
        self,
        *,
        pause: Callable[[float], None] | None = None,
        patience: float = 5.0,
        pace: Pace | None = None,
    ) -> Sender:
        """A sender as the timetable makes one, except that it does not wait between two looks."""
        return Sender(
            self.world.client(self.settings, sleep=lambda _: None),
            lambda: self.settings,
            now=self.clock.now,
            monotonic=time.monotonic,
            pause=pause or (lambda _: time.sleep(0.005)),
            patience=patience,
            pace=pace,
        )

    def send(self) -> dict[str, int]:
        """One run of the job, undisturbed."""
        return self.sender().run(lambda: None)

    def hear(self) -> None:
        """The webhooks that are due come in, and are worked off."""
        courier, now = self.whatsapp._courier, self.clock.now()
        with courier._queueing:
            courier._pack(now)
            parcels, courier._parcels = courier._parcels, []
        for parcel in parcels:
            Webhook.insert(source="whatsapp", received_at=now, body=parcel.body).execute()
        track(self.settings, now=now, beat=lambda: None)

    def later(self, **step: float) -> None:
        """Let time pass: `later(minutes=5)`."""
        self.clock.advance(timedelta(**step))

    @property
    def taken(self) -> dict[str, int]:
        """uid -> how often WhatsApp took it."""
        return dict(self.whatsapp.accepted_by_intent)

"""An agent is killed in the middle of a request to the shop or to WhatsApp."""

from story_agent import Agent
from story_world import World

from agent.sandbox.shop.shop import Asked
from agent.sandbox.shop.trouble import Maintenance

FOR_EVER = 1_000_000  # requests


class Death:
    """Counts the requests until it comes. From then on nothing is done that the dead one asks for, but,
    now and then, what it asked for last."""

    def __init__(self, world: World, agent: Agent) -> None:
        self._world, self._agent = world, agent
        self._left = 0
        self._last_wish = False
        world.shop.on_request = self._asked_of_shop
        world.whatsapp.latency = self._asked_of_whatsapp

    def comes_after(self, requests: int) -> None:
        """0: not at all."""
        self._left = requests

    def is_over(self) -> None:
        """The dead one is buried, and WhatsApp hears the living again. The shop opens when it likes."""
        self._agent.bury()
        self._world.heal()
        self._last_wish = False

    def _asked_of_shop(self, _: Asked) -> None:
        if self._last_wish:
            self._last_wish = False
            self._world.shop.trouble = Maintenance()
        elif self._comes():
            self._last_wish = self._world.random("last wish").random() < 0.5
            if not self._last_wish:
                self._world.shop.trouble = Maintenance()

    def _asked_of_whatsapp(self) -> float:
        if self._comes():  # the message is out, and nobody hears that it is
            self._world.shop.trouble = Maintenance()
        return 0.0

    def _comes(self) -> bool:
        self._left -= 1
        if self._left != 0:
            return False
        self._agent.kill_now()
        self._world.whatsapp.drop_next_requests(FOR_EVER)
        return True

"""What WhatsApp told the agent, and when: overheard at the sandbox's own end of the wire."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.sandbox.whatsapp.payloads import Update
from agent.sandbox.whatsapp.whatsapp import WhatsApp

# By which a person means that nothing more shall come; everything else means something else.
NO = {"stop", "stopstop", "parar", "sair", "nãoquero", "unsubscribe", "baja"}
OPT_OUT = "OPTOUT_MARKETING"
WANTS_NONE = 131050  # the error that tells of somebody who switched a business's offers off
RANK = {"accepted": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody told the agent something. `user` is WhatsApp's id of them."""

    user: str
    at: datetime
    refuses: bool  # they want nothing more
    shows_number: bool = True
    about_ours: bool = False  # it names the message that it answers


class Wire:
    """Overhears the webhooks. Nothing counts before it was taken by the agent."""

    def __init__(self, whatsapp: WhatsApp) -> None:
        self.states: dict[str, str] = {}  # wamid -> the highest status that the agent was told
        self.failed: dict[str, tuple[datetime, int]] = {}  # wamid -> when it was told, and the code
        self.lost: set[str] = set()  # wamids of which no answer told
        self._whatsapp = whatsapp
        self._under_way: list[tuple[datetime, Update]] = []
        courier = whatsapp._courier
        put = courier.put

        def overheard(update: Update, due: datetime) -> None:
            self._under_way.append((due, update))
            put(update, due)

        courier.put = overheard  # type: ignore[method-assign]
        loses = whatsapp.loses_this_response

        def noted() -> bool:
            if lost := loses():
                self.lost.add(whatsapp.accepted[-1].id)
            return lost

        whatsapp.loses_this_response = noted  # type: ignore[method-assign]

    def deliver(self, now: datetime) -> list[Said]:
        """Bring all that is due to the agent. Returns what people told it."""
        self._whatsapp.deliver_due()
        next_one = self._whatsapp.next_webhook_at
        if next_one is not None and next_one <= now:
            return []  # it did not take them: they come again, and count when they have come
        due = [(at, update) for at, update in self._under_way if at <= now]
        # what is put off after a failure is due later than it was at first
        if next_one is not None and self._whatsapp._courier._parcels:
            return []
        self._under_way = [(at, update) for at, update in self._under_way if at > now]
        return list(self._hear(due, now))

    def _hear(self, told: list[tuple[datetime, Update]], now: datetime) -> Iterator[Said]:
        for _, update in sorted(told, key=lambda one: one[0]):
            item = update.item
            if update.kind == "statuses":
                wamid, status = item["id"], item["status"]
                if RANK[status] > RANK[self.states.get(wamid, "accepted")]:
                    self.states[wamid] = status
                if status == "failed":
                    code = item["errors"][0]["code"]
                    self.failed[wamid] = (now, code)
                    if code == WANTS_NONE:
                        yield Said(self._user_of(wamid), _at(item), refuses=True, about_ours=True)
            elif update.kind == "user_preferences":
                stops = item["value"] == "stop"
                yield Said(item["user_id"], _at(item), stops, "wa_id" in item)
            elif update.kind == "messages":
                said = item.get("text", {}).get("body", "")
                payload = item.get("button", {}).get("payload", "")
                stops = payload == OPT_OUT or _bare(said) in NO
                answers = "context" in item
                yield Said(item["from_user_id"], _at(item), stops, "from" in item, answers)

    def _user_of(self, wamid: str) -> str:
        accepted = reversed(self._whatsapp.accepted)
        return next(one.person.user_id for one in accepted if one.id == wamid)


def _at(item: dict[str, object]) -> datetime:
    return datetime.fromtimestamp(int(str(item["timestamp"])), UTC)


def _bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalpha())

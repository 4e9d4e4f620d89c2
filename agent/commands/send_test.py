"""winback send-test: one real message to oneself, beside the outbox."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from agent import log
from agent.by_hand import write_down
from agent.clients.outcomes import Accepted, Action, Declined, Lost, NotSent, Outcome
from agent.clients.whatsapp import WhatsApp
from agent.clients.whatsapp_failures import remedy
from agent.commands.options import config_option, read_settings
from agent.commands.template_look import Letter, Look
from agent.config import Settings
from agent.consent import stands
from agent.daemon import make_tools
from agent.database import shared
from agent.errors import BadInput, Refused, Retryable, Unsure, WinbackError
from agent.jobs.consent_proof import read_number
from agent.jobs.decide.links import Links
from agent.pauses import in_words
from agent.rules.consent import MARKETING, NO, ORDER_NEWS
from agent.rules.phones import Phone
from agent.rules.shipped import approved
from agent.rules.templates import MARKETING as AS_MARKETING
from agent.service import Service, WallClock
from models import Contact, Pause, Status
from models.base import transaction
from models.delivery import EVERYTHING

LOOK = 0.5  # seconds between two looks for a status
PURPOSES = {MARKETING: "marketing", ORDER_NEWS: "order news"}
FIXES: Mapping[Action, str] = {
    Action.RETRY: "WhatsApp has a passing trouble: try again in some minutes",
    Action.SLOW: "WhatsApp says that this was too fast: try again in some minutes",
    Action.PAIR: "this number had too many messages in a short time: try again in some minutes",
    Action.DEFER: "WhatsApp spares this person marketing: try again tomorrow, or with another number",
    Action.SUPPRESS_MARKETING: "this person has switched our marketing off in WhatsApp: write it down with "
    "winback consent withdraw PHONE",
    Action.SUPPRESS_ALL: "this number is not on WhatsApp, or may not be written to: try another one",
    Action.DROP: "it is about this message alone: try again, or with another number",
    Action.TEMPLATE: "see the template: winback templates list",
    Action.BUG: "the request is not as WhatsApp wants it: winback templates list, else tell winback's authors",
}


@click.command
@click.argument("phone")
@click.argument("name", metavar="CAMPAIGN")
@click.option("--language", default="", help="In this language, whoever it is for.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait",
    type=click.IntRange(0, 600),
    default=20,
    show_default=True,
    help="Seconds to wait for WhatsApp to tell what became of it, where the daemon runs.",
)
@config_option
def command(phone: str, name: str, language: str, yes: bool, wait: int, config: Path) -> None:
    """Send one real message of CAMPAIGN (or of order news) to PHONE: to yourself, to see it arrive.

    It has the values of the person with that number; where the shop knows nobody with it, examples, and
    nothing of any other customer. It counts for no cap and stands in no report; a STOP in answer to it counts. WhatsApp
    charges it like any other. Campaigns that are off can be tried, too.

    \b
    Examples:
      winback send-test +12025550101 we_miss_you
      winback send-test +12025550101 order_news.shipping_update --yes
    """
    settings = read_settings(config)
    name = name.removeprefix("order_news.").removeprefix("campaigns.")
    if name not in settings.occasions:
        raise BadInput(
            f"there is no campaign and no order news {name!r}",
            fix=f"one of {', '.join(settings.occasions)}",
        )
    log.set_up(style=settings.log.format, level="error")
    service = Service(WallClock())
    with (
        shared(settings.database.path),
        closing(make_tools(settings, service).whatsapp) as whatsapp,
    ):
        to = read_number(phone, settings.shop.default_country)
        look, letter = _letter(settings, whatsapp, name, language, to)
        look.tell(letter, to=to.e164)
        if letter.wrong:
            raise Refused(
                f"{name} cannot be sent: {'; '.join(letter.wrong)}", fix="winback templates list"
            )
        for line in _warnings(service):
            click.echo(f"note: {line}")
        if not yes:
            click.confirm(
                f"Send this to {to.e164}? Only to yourself, or to who asked for it.", abort=True
            )
        uid = secrets.token_urlsafe(16)
        body = _body(settings, look, letter, to, uid, service)
        begun = service.clock.now()
        accepted = _accepted(_send(whatsapp, body))
        try:
            held = ", and holds it back until Meta has judged the template" if accepted.held else ""
            click.echo(f"WhatsApp took it{held}: {accepted.wamid}")
            write_down("send-test", {name: 1}, begun=begun, now=service.clock.now())
            _follow(service, accepted.wamid, uid, wait)
        except KeyboardInterrupt:
            click.echo("\nNo longer waiting. WhatsApp has the message, and brings it all the same.")


def _letter(
    settings: Settings, whatsapp: WhatsApp, name: str, language: str, to: Phone
) -> tuple[Look, Letter]:
    """The message, by the templates as they are now. Raises Refused where this number said no."""
    found = {(str(one["name"]), str(one["language"])): one for one in whatsapp.templates()}
    known = Contact.get_or_none(Contact.phone == to.e164)
    if known is not None and known.unreachable:
        raise Refused(
            f"nothing may be sent to {to.e164}: {known.unreachable}", fix="try another number"
        )
    everything = {**approved(settings.shop.url), **found}
    if known is not None:
        look = Look(settings, everything, found, language, to.e164)
    else:
        look = Look(settings, everything, found, language, "", nobodys=to)
    _require_no_refusal(to.e164, ORDER_NEWS if name in settings.news else MARKETING)
    letter = look.write(name)
    if look.category_of(letter) == AS_MARKETING:  # WhatsApp may have moved that of order news
        _require_no_refusal(to.e164, MARKETING)
    return look, letter


def _require_no_refusal(phone: str, purpose: str) -> None:
    said = stands(phone)[purpose]
    if said.answer == NO:
        when = f" on {said.since:%d %b %Y}" if said.since else ""
        raise Refused(
            f"{phone} said no to {PURPOSES[purpose]}{when}: nothing is sent, not even as a test",
            fix=f"winback consent show {phone} has the proof; a new consent ends it: winback consent add",
        )


def _warnings(service: Service) -> Iterator[str]:
    for pause in Pause.in_force(service.clock.now()):
        if pause.scope == EVERYTHING or pause.source != "operator":
            yield f"{in_words(pause)}; a test leaves all the same"


def _body(
    settings: Settings, look: Look, letter: Letter, to: Phone, uid: str, service: Service
) -> dict[str, Any]:
    """The request. Its links lead where those of a message do, and belong to none."""
    values = dict(letter.composed.values)
    if not letter.is_news:
        links = Links(settings)
        values = links.put_into(uid, letter.name, letter.composed)
        with transaction():
            links.keep([uid], service.clock.now())
    template: dict[str, Any] = {
        "name": letter.key[0],
        "language": {"policy": "deterministic", "code": letter.key[1]},
    }
    if parts := look.parts_of(letter, values):
        template["components"] = parts
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to.e164,
        "type": "template",
        "biz_opaque_callback_data": uid,
        "template": template,
    }


def _send(whatsapp: WhatsApp, body: dict[str, Any]) -> Outcome:
    """What WhatsApp says. Raises Unsure at Ctrl-C: the request may have left."""
    try:
        return whatsapp.send(body)
    except KeyboardInterrupt:
        raise Unsure(
            "it may have been sent, and may not: Ctrl-C came before WhatsApp's answer",
            fix="look at the phone before you try again",
        ) from None


def _accepted(outcome: Outcome) -> Accepted:
    """Raises Refused, Retryable or Unsure where it was not taken."""
    if not isinstance(outcome, Accepted):
        raise _trouble(outcome)
    return outcome


def _trouble(outcome: Declined | NotSent | Lost) -> WinbackError:
    match outcome:
        case Declined():
            trace = f" (trace {outcome.fbtrace_id})" if outcome.fbtrace_id else ""
            return Refused(
                f"WhatsApp refused it: error {outcome.code}, {outcome.detail}{trace}",
                fix=FIXES.get(outcome.action) or remedy(outcome.code),
                code=str(outcome.code),
            )
        case NotSent():
            return Retryable(
                f"it was not sent: {outcome.reason}",
                fix="see that this server reaches [whatsapp] base_url, and try again",
                after=outcome.after,
            )
        case Lost():
            return Unsure(
                f"it may have been sent, and may not: {outcome.reason}",
                fix="look at the phone before you try again",
            )


def _follow(service: Service, wamid: str, uid: str, wait: int) -> None:
    """Print each status as the daemon hears it. Raises Refused for one that says that it failed."""
    begun, told = service.clock.monotonic(), set[str]()
    while (
        service.clock.monotonic() - begun < wait and "read" not in told and "delivered" not in told
    ):
        service.sleep(LOOK)
        ours = (Status.wamid == wamid) | (Status.uid == uid)
        for one in Status.select().where(ours).order_by(Status.at):
            if one.status in told:
                continue
            told.add(one.status)
            if one.status == "failed":
                outcome = f"error {one.code}, {one.detail}"
                raise Refused(
                    f"it failed after WhatsApp took it: {outcome}",
                    fix="see the README: When WhatsApp says no",
                )
            click.echo(f"{one.status}")
    if wait and not told:
        click.echo(
            f"No status came in {wait} s. If the daemon runs, see that WhatsApp's webhooks reach it: winback "
            "status, and look at the phone.",
        )

"""Keys that are right each by itself, and do not go together."""

from collections.abc import Iterator
from typing import NamedTuple

from agent.config.campaigns import LoyaltyReward
from agent.config.complaints import Steps, Wrong
from agent.config.places import is_loopback
from agent.config.settings import Settings


class Disagreement(NamedTuple):
    """A complaint that stands at `place`, and what it is at odds with."""

    place: Steps
    others: tuple[Steps, ...]
    wrong: Wrong


def disagreements(settings: Settings) -> Iterator[Disagreement]:
    """Everything in `settings` that cannot be meant."""
    yield from _shop(settings)
    yield from _timetable(settings)
    yield from _consent(settings)
    yield from _interest(settings)
    yield from _budget(settings)
    yield from _links(settings)
    yield from _conversations(settings)
    yield from _alarms(settings)
    yield from _previous_secrets(settings)
    for name in settings.campaigns:
        yield from _campaign(settings, name)
    for campaign in settings.campaigns.values():
        if isinstance(campaign, LoyaltyReward):
            yield from _tiers(campaign)


def _shop(settings: Settings) -> Iterator[Disagreement]:
    ca_file = settings.shop.ca_file
    if ca_file is not None:
        try:
            ca_file.read_bytes()
        except OSError as error:
            what = f"cannot be read: {ca_file}: {error.strerror}"
            remedy = 'correct the path, or leave it "" for the certificates of the system'
            yield Disagreement(("shop", "ca_file"), (), Wrong(what, remedy))


def _timetable(settings: Settings) -> Iterator[Disagreement]:
    timetable = settings.timetable
    if timetable.campaigns_until <= timetable.campaigns_at:
        what = f"is not later than campaigns_at ({timetable.campaigns_at:%H:%M}): no run has time"
        yield Disagreement(
            ("timetable", "campaigns_until"),
            (("timetable", "campaigns_at"),),
            Wrong(what, "name a later time of the same day"),
        )
    if timetable.stale_after <= timetable.poll:
        what = "is not longer than poll: no campaign would ever run"
        yield Disagreement(
            ("timetable", "stale_after"),
            (("timetable", "poll"),),
            Wrong(what, "make it several times as long as poll"),
        )


def _consent(settings: Settings) -> Iterator[Disagreement]:
    consent = settings.consent
    yes = {word.casefold() for word in consent.yes}
    for position, word in enumerate(consent.refusals):
        if word.casefold() in yes:
            yield Disagreement(
                ("consent", "refusals", position),
                (("consent", "yes"),),
                Wrong(
                    f'"{word}" is among yes too',
                    "decide what it means, and leave it in one of them",
                ),
            )


def _interest(settings: Settings) -> Iterator[Disagreement]:
    kept, look_back = settings.interest.kept, settings.interest.look_back
    if kept < look_back:
        what = (
            f"is shorter than look_back ({look_back.days} days): who waits would be forgotten before an "
            "alert is due to them"
        )
        remedy = "make it at least as long, or look_back shorter"
        place, other = ("interest", "kept"), ("interest", "look_back")
        yield Disagreement(place, (other,), Wrong(what, remedy))


def _budget(settings: Settings) -> Iterator[Disagreement]:
    budget = settings.budget
    prices = [(price.since, price.country, price.category) for price in budget.prices]
    for position, price in enumerate(prices):
        first = prices.index(price)
        if first < position:
            what = f"has the date, country and category of entry {first + 1}"
            wrong = Wrong(what, "leave one of them away: which price holds?")
            yield Disagreement(("budget", "prices", position), (), wrong)
    if budget.money_per_month is not None and not prices:
        what = (
            "is set, and prices is empty: nobody knows what a message costs, no campaign would run"
        )
        wrong = Wrong(what, 'add prices of your rate card, or leave it "" for no limit')
        yield Disagreement(("budget", "money_per_month"), (("budget", "prices"),), wrong)


def _links(settings: Settings) -> Iterator[Disagreement]:
    if settings.links.count and not settings.web.public_url:
        yield Disagreement(
            ("links", "count"),
            (("web", "public_url"),),
            Wrong(
                "is true, but public_url of [web] does not say where the links would lead to",
                "set public_url, and let your web server pass /r/ on to winback",
            ),
        )


def _conversations(settings: Settings) -> Iterator[Disagreement]:
    conversations, section = settings.conversations, "conversations"
    if conversations.forward_url and not conversations.forward_secret:
        yield Disagreement(
            (section, "forward_url"),
            ((section, "forward_secret"),),
            Wrong(
                "is set without forward_secret: nobody there could tell that a reply comes from winback",
                "make one up (openssl rand -hex 24) for forward_secret, and let the receiver check it",
            ),
        )


def _alarms(settings: Settings) -> Iterator[Disagreement]:
    alarms, section = settings.alarms, "alarms"
    if alarms.smtp_user and alarms.smtp_security == "none" and not is_loopback(alarms.smtp.host):
        yield Disagreement(
            (section, "smtp_security"),
            ((section, "smtp_user"), (section, "smtp")),
            Wrong(
                "is none, so that anybody on the way could read smtp_password",
                'write "starttls" (port 587) or "tls" (port 465)',
            ),
        )
    if bool(alarms.smtp_user) != bool(alarms.smtp_password):
        which, other = ("smtp_user", "smtp_password")
        if alarms.smtp_password:
            which, other = other, which
        what = f"is set without {other}: the mail server asks for both"
        yield Disagreement(
            (section, which), ((section, other),), Wrong(what, f"set {other} as well")
        )


def _previous_secrets(settings: Settings) -> Iterator[Disagreement]:
    """No complaint shows what they are."""
    whatsapp, web = settings.whatsapp, settings.web
    for section, name, current, previous in (
        ("whatsapp", "app_secret", whatsapp.app_secret, whatsapp.app_secret_previous),
        ("web", "shop_webhook_secret", web.shop_webhook_secret, web.shop_webhook_secret_previous),
    ):
        if previous and previous == current:
            wrong = Wrong(
                f"is the same as {name}: what leaked would go on to count",
                f"write the secret of before, or leave it away if {name} was not changed",
            )
            yield Disagreement((section, f"{name}_previous"), ((section, name),), wrong)


def _campaign(settings: Settings, name: str) -> Iterator[Disagreement]:
    campaign, section = settings.campaigns[name], ("campaigns", name)
    if settings.links.count and campaign.expires_after >= settings.links.kept:
        yield Disagreement(
            (*section, "expires_after"),
            (("links", "kept"),),
            Wrong(
                "is not shorter than kept of [links]: a message that waits would leave with links that "
                "lead nowhere any more",
                "make it shorter, or kept longer",
            ),
        )
    payload, payloads = campaign.opt_out_payload, settings.consent.stop_payloads
    if payload and payload not in payloads:
        what = f'"{payload}" is not among stop_payloads of [consent]: the button would stop nothing'
        yield Disagreement(
            (*section, "opt_out_payload"),
            (("consent", "stop_payloads"),),
            Wrong(what, "add it there, or write one that is there"),
        )
    if campaign.language in campaign.translations:
        yield Disagreement(
            (*section, "translations", campaign.language),
            ((*section, "language"),),
            Wrong(
                "is the language of the campaign itself",
                f"move these keys into [campaigns.{name}]",
            ),
        )
    if campaign.enabled and name not in settings.priority:
        what = (
            "is true, but priority of [campaigns] does not name this campaign: it would never run"
        )
        yield Disagreement(
            (*section, "enabled"),
            (("campaigns", "priority"),),
            Wrong(what, f'add "{name}" to priority'),
        )


def _tiers(loyalty: LoyaltyReward) -> Iterator[Disagreement]:
    place: Steps = ("campaigns", loyalty.name, "tiers")
    for position, (lower, higher) in enumerate(
        zip(loyalty.tiers, loyalty.tiers[1:], strict=False), start=1
    ):
        if higher.spent <= lower.spent:
            what = f"is not more than the {lower.spent} of the entry before"
            wrong = Wrong(what, "put the tiers in ascending order")
            yield Disagreement((*place, position, "spent"), (), wrong)
        elif higher.percent < lower.percent:
            what = (
                f"is less than the {lower.percent} of the entry before: who spends more gets less"
            )
            wrong = Wrong(what, "raise it")
            yield Disagreement((*place, position, "percent"), (), wrong)

"""winback shop-webhooks: the shop's webhooks put in, looked at, and taken out again."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from agent import log
from agent.clients.shop import Row, Shop
from agent.commands.options import config_option, read_settings
from agent.config import Settings
from agent.daemon import make_tools
from agent.errors import ConfigError
from agent.rules.shop_webhooks import (
    FIELDS,
    Step,
    address,
    body,
    ours,
    steps,
    undeliverable,
)
from agent.service import Service, WallClock

A_PAGE = 100  # webhooks asked for at once
WITHOUT = "winback works without them"
DONE = {"create": "made", "keep": "there already", "repair": "put right", "replace": "made anew",
        "remove": "removed, as it was there twice"}  # fmt: skip
TODO = {"keep": "", "remove": "needed once: install removes it"}
ABOUT_DELIVERY = (
    "The shop delivers when its queue runs (Action Scheduler, by WP-Cron): within about a minute on a "
    "shop with visitors. It delivers to public addresses only, on the ports 80, 443 and 8080."
)


@click.group
def command() -> None:
    """Let the shop tell of changes at once.

    Polls find every change; with the shop's webhooks many are found sooner.

    \b
    Examples:
      winback shop-webhooks install
      winback shop-webhooks status
    """


@command.command
@config_option
def install(config: Path) -> None:
    """Register what is missing, and put right what is wrong; done twice it changes nothing more.

    \b
    Examples:
      winback shop-webhooks install
    """
    settings = read_settings(config)
    url, secret = _required(settings)
    if doubt := undeliverable(url, settings.shop.url):
        raise ConfigError(
            f"the shop would not deliver to {url}: {doubt}",
            fix="give [web] public_url without a port, and let the web server pass "
            "/webhooks/shop on to winback",
        )
    with _shop(settings) as shop:
        tally: Counter[str] = Counter()
        for step in steps(_all(shop), url):
            number = _carry_out(shop, step, url, secret)
            told = DONE[step.action] + ("" if step.woo_id is None else f" (it was: {step.state})")
            click.echo(f"{step.topic:17} webhook {number}: {told}")
            tally[DONE[step.action]] += 1
    click.echo(", ".join(f"{count} {what}" for what, count in tally.items()))
    click.echo(f"All have the secret of the config now, and go to {url}\n{ABOUT_DELIVERY}")


@command.command
@config_option
def status(config: Path) -> None:
    """Show each webhook, its state and what to do; the exit code is 1 if there is something to do.

    \b
    Examples:
      winback shop-webhooks status || echo "look at the shop's webhooks"
    """
    settings = read_settings(config)
    url = _address(settings)
    with _shop(settings) as shop:
        rows = _all(shop)
    if not ours(rows, url):
        click.echo(f"not installed; {WITHOUT}")
        return
    _required(settings)
    found = steps(rows, url)
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for name in ("topic", "id", "state", "what to do"):
        table.add_column(name, no_wrap=name == "topic", overflow="fold")
    for step in found:
        todo = TODO.get(step.action, "winback shop-webhooks install")
        table.add_row(step.topic, str(step.woo_id or "-"), step.state, todo)
    Console(highlight=False, markup=False).print(table)
    if any(step.action != "keep" for step in found):
        click.echo(
            "The shop switches a webhook off after 7 failures in a row: see first that the web server "
            f"passes {url} on to winback, and that winback runs."
        )
        sys.exit(1)
    click.echo(
        "all well, as far as the shop tells: it shows neither the secret nor single failures"
    )


@command.command
@config_option
def remove(config: Path) -> None:
    """Delete winback's webhooks from the shop, and no others.

    \b
    Examples:
      winback shop-webhooks remove
    """
    settings = read_settings(config)
    url = _address(settings)
    with _shop(settings) as shop:
        mine = ours(_all(shop), url)
        for row in mine:
            shop.remove(f"webhooks/{row['id']}", force="true")
            click.echo(f"{row.get('topic')!s:17} webhook {row['id']}: removed")
    click.echo(f"{len(mine)} removed; {WITHOUT}" if mine else f"none was installed; {WITHOUT}")


def _address(settings: Settings) -> str:
    """Where the shop delivers to; "" where the config does not say."""
    return address(settings.web.public_url) if settings.web.public_url else ""


def _required(settings: Settings) -> tuple[str, str]:
    """The address and the secret. Raises ConfigError that names what is missing."""
    web = settings.web
    keys = {"public_url": web.public_url, "shop_webhook_secret": web.shop_webhook_secret}
    missing = [f"[web] {name}" for name, value in keys.items() if not value]
    if missing:
        raise ConfigError(
            f"{settings.path}: without {' and '.join(missing)} the shop cannot deliver to winback",
            fix="config.example.toml says what they are; give both, then `systemctl restart winback`",
        )
    return address(web.public_url), web.shop_webhook_secret


@contextmanager
def _shop(settings: Settings) -> Iterator[Shop]:
    log.set_up(style=settings.log.format, level="warning")
    shop = make_tools(settings, Service(WallClock())).shop
    try:
        yield shop
    finally:
        shop.close()


def _all(shop: Shop) -> list[Row]:
    """Every webhook of the shop, ours and others'."""
    rows: dict[int, Row] = {}
    number, total = 0, 1
    while len(rows) < total:
        number += 1
        page = shop.page(
            "webhooks", page=number, per_page=A_PAGE, orderby="id", order="asc", _fields=FIELDS
        )
        rows |= {row["id"]: row for row in page.rows}
        if not page.rows:  # one was deleted while we read
            break
        total = page.total
    return list(rows.values())


def _carry_out(shop: Shop, step: Step, url: str, secret: str) -> int:
    """Gives the id of the webhook that there is now, or was."""
    doing: dict[str, Callable[[], int]] = {
        "create": lambda: _create(shop, step.topic, url, secret),
        "keep": lambda: _update(shop, step, url, secret),  # the secret cannot be read: set again
        "repair": lambda: _update(shop, step, url, secret),
        "replace": lambda: _replace(shop, step, url, secret),
        "remove": lambda: _remove(shop, step),
    }
    return doing[step.action]()


def _create(shop: Shop, topic: str, url: str, secret: str) -> int:
    return int(shop.create("webhooks", body(topic, url, secret))["id"])


def _update(shop: Shop, step: Step, url: str, secret: str) -> int:
    shop.update(f"webhooks/{step.woo_id}", body(step.topic, url, secret))
    return int(step.woo_id or 0)


def _replace(shop: Shop, step: Step, url: str, secret: str) -> int:
    """The new one first: at worst there are two for a moment, or until the next install."""
    number = _create(shop, step.topic, url, secret)
    _remove(shop, step)
    return number


def _remove(shop: Shop, step: Step) -> int:
    shop.remove(f"webhooks/{step.woo_id}", force="true")
    return int(step.woo_id or 0)

"""winback bridge: the shop's side of the tracking and of the consent, as a file to install there."""

from importlib import resources

import click

HELP = """Print the WordPress plugin that asks for consent and tells what customers look at.

\b
Examples:
  winback bridge > /var/www/html/wp-content/mu-plugins/winback.php

It needs WooCommerce 8 or newer. Two checkboxes are there at once, at the checkout, unticked, and in the
account: one for offers, one for order news. For one of them alone:

\b
    define( 'WINBACK_BOXES', 'marketing' );   // or 'order_news'

Product views are told if the shop's wp-config.php, or PHP's environment, has these two; only those of
logged-in customers who ticked the box for offers:

\b
    define( 'WINBACK_EVENTS_URL', 'http://localhost:8087/events' );
    define( 'WINBACK_EVENTS_TOKEN', 'events_token of [web] in the config' );

To remove it, delete the file.
"""


@click.command(help=HELP)
def command() -> None:
    plugin = resources.files("agent.bridge") / "winback.php"
    click.echo(plugin.read_text(encoding="utf-8"), nl=False)

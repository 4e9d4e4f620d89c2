"""winback campaign: pause one campaign, let it go on, and list all of them."""

from pathlib import Path

import click

from agent.by_hand import write_down
from agent.commands.options import config_option, read_settings, read_sound_settings
from agent.commands.pausing import paused_lines, tell, trial_in_words
from agent.config import Settings
from agent.database import shared
from agent.errors import BadInput
from agent.jobs.canary import under_trial
from agent.jobs.status import zone_of_the_shop
from agent.pauses import pause, paused_campaigns, resume_campaign
from agent.service import WallClock
from models import CampaignStanding


@click.group
def command() -> None:
    """Pause one campaign, let it go on, or list all of them.

    \b
    Examples:
      winback campaign list
      winback campaign pause price_drop
    """


@command.command(name="pause")
@click.argument("name")
@click.option("--reason", default="", metavar="TEXT", help="Shown by `winback status`.")
@config_option
def pause_(name: str, reason: str, config: Path) -> None:
    """Send and plan nothing of the campaign NAME from now on.

    Also if it is on in the config, and across restarts, until `winback campaign resume NAME`.

    \b
    Examples:
      winback campaign pause price_drop --reason "prices are being moved"
    """
    settings = read_sound_settings(config)
    _require(name, settings)
    with shared(settings.database.path):
        now = WallClock().now()
        new = pause(name, reason, now=now)
        if new:
            write_down("campaign pause", {name: 1}, begun=now, now=now)
    state = "is paused" if new else "was paused already"
    click.echo(f"{name} {state}; go on: winback campaign resume {name}")
    if not settings.campaigns[name].enabled:
        click.echo("note: it is off in the config anyway")


@command.command(name="resume")
@click.argument("name")
@config_option
def resume_(name: str, config: Path) -> None:
    """Let the campaign NAME go on.

    If it stopped by itself while its template was tried out, that batch is tried once more.

    \b
    Examples:
      winback campaign resume price_drop
    """
    settings = read_sound_settings(config)
    _require(name, settings)
    with shared(settings.database.path):
        now = WallClock().now()
        done = resume_campaign(name, now=now)
        if done.lifted:
            write_down("campaign resume", {name: 1}, begun=now, now=now)
        tell(done, zone_of_the_shop())
    if not settings.campaigns[name].enabled:
        click.echo(f"note: it is off in the config: enabled = true in [campaigns.{name}]")


@command.command(name="list")
@config_option
def list_(config: Path) -> None:
    """List all campaigns, and what holds them back.

    \b
    Examples:
      winback campaign list
    """
    settings = read_settings(config)
    now = WallClock().now()
    with shared(settings.database.path):
        zone = zone_of_the_shop()
        troubles = CampaignStanding.troubles()
        paused = paused_campaigns(settings.campaigns, now)
        trying = under_trial(settings, now)
    for name, campaign in settings.campaigns.items():
        trial = trial_in_words(trying.get(name), settings, zone)
        click.echo(f"{name}: {'on' if campaign.enabled else 'off'}{trial}")
        if campaign.enabled and (wrong := troubles.get(name, "not looked at yet")):
            click.echo(f"  its template: {wrong}")
        for _, line in paused_lines(paused[name], zone):
            click.echo(f"  PAUSED: {line}")


def _require(name: str, settings: Settings) -> None:
    """Raises BadInput for a name that no campaign has."""
    if name not in settings.campaigns:
        if name in settings.news:
            raise BadInput(
                f"{name!r} is no campaign but order news",
                fix=f"set enabled in its section [order_news.{name}] and reload the config; "
                "`winback pause` holds everything",
            )
        known = ", ".join(settings.campaigns)
        raise BadInput(f"there is no campaign {name!r}", fix=f"there are {known}")

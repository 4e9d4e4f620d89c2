"""The options that several commands share, and what they open."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from agent.config import Settings, load, load_what_is_sound

DEFAULT_CONFIG = "/etc/winback/config.toml"
Command = TypeVar("Command", bound=Callable[..., None])


def config_option(command: Command) -> Command:
    """--config FILE, or WINBACK_CONFIG."""
    option: Callable[[Command], Command] = click.option(
        "--config",
        "config",
        type=click.Path(
            path_type=Path, readable=False
        ),  # what cannot be read is told with what to do
        default=DEFAULT_CONFIG,
        show_default=True,
        envvar="WINBACK_CONFIG",
        show_envvar=True,
        help="The config file.",
    )
    return option(command)


def read_settings(config: Path) -> Settings:
    """The settings; warnings go to stderr. Raises ConfigError."""
    settings = load(config.expanduser().absolute(), environ=os.environ)
    for warning in settings.warnings:
        click.echo(f"warning: {warning}", err=True)
    return settings


def read_sound_settings(config: Path) -> Settings:
    """The settings for what must work at any time: a mistake outside of [database] is told on stderr,
    and no more. Raises ConfigError where the database is not sure."""
    settings, mistakes = load_what_is_sound(config.expanduser().absolute(), environ=os.environ)
    if mistakes:
        count = "1 mistake" if mistakes == 1 else f"{mistakes:,} mistakes"
        click.echo(f"warning: the config has {count}; `winback check` names them", err=True)
    return settings

"""Moments as somebody types them."""

from datetime import datetime
from typing import Any, Final

import click

YEARS: Final = range(2000, 2200)
"""Before there is no shop, and long after there is no calendar: months are reckoned back and forth from it."""


class Moment(click.DateTime):
    """A date, a moment, or a moment with its zone; of a year in which something can have happened."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        moment: datetime = super().convert(value, param, ctx)
        if moment.year not in YEARS:
            self.fail(f"{value!r} is not between {YEARS[0]} and {YEARS[-1]}.", param, ctx)
        return moment


AT: Final = Moment(
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]
)
DATE_OR_AT: Final = Moment(["%Y-%m-%d", *AT.formats])

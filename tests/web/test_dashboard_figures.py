"""What of the figures stands on the dashboard's first page."""

from dataclasses import replace
from pathlib import Path

import pytest
from dashboard_stage import NOW, count, fill, settings_with

from agent.web.dashboard.overview import overview
from models import Message


@pytest.mark.usefixtures("database")
def test_clicks_that_nobody_counts_are_no_step_of_the_funnel(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    fill(settings, NOW)
    assert "clicked" in overview(settings, NOW)["funnel"]  # those of before
    Message.update(clicked=False).execute()
    count(settings, NOW)
    assert "clicked" not in overview(settings, NOW)["funnel"]
    counting = replace(settings, links=replace(settings.links, count=True))
    assert "clicked" in overview(counting, NOW)["funnel"]

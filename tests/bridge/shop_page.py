"""The plugin at work in a stand-in for WordPress, one PHP process a page."""

import copy
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BRIDGE = Path(__file__).parents[2] / "agent" / "bridge" / "winback.php"
WORDPRESS = Path(__file__).with_name("wordpress.php")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
URL, TOKEN = "http://localhost:8087/events", "a-token-of-the-tests"

ORDER, ORDER_WORDING = "_winback_marketing", "_winback_marketing_wording"
USER, USER_WORDING = "winback_marketing", "winback_marketing_wording"
NEWS, NEWS_ORDER = "winback_order_news", "_winback_order_news"

# One customer who agreed, on the page of a product; nothing has happened yet.
WORLD: dict[str, Any] = {
    "direct": False,
    "twice": False,
    "missing": [
        "fastcgi_finish_request",
        "litespeed_finish_request",
        "current_user_switched",
        "wp_has_consent",
    ],
    "throwing": [],
    "throwing_once": [],
    "noticing": [],
    "constants": {"WINBACK_EVENTS_URL": URL, "WINBACK_EVENTS_TOKEN": TOKEN},
    "server": {"REQUEST_METHOD": "GET", "HTTP_USER_AGENT": BROWSER},
    "post": {},
    "get": {},
    "cookies": {},
    "filters": {},
    "true": ["is_product"],
    "user_id": 12,
    "capabilities": ["read"],
    "meta": {USER: "yes", USER_WORDING: "0123456789ab long ago"},
    "transients": {},
    "network": False,
    "post_takes_ms": 0,
    "objects": {
        "product": {"id": 34, "price": "19.90", "stock_status": "instock", "status": "publish"},
        "order": {"customer_id": 12},
    },
    "happens": [],
    "notice_after": False,
}
VIEW = [["template_redirect"], ["shutdown", ""]]


def php() -> str:
    """The program. Without it these tests are skipped, unless the environment forbids that."""
    found = shutil.which("php")
    if found is None:
        if os.environ.get("WINBACK_REQUIRE_PHP"):
            pytest.fail("WINBACK_REQUIRE_PHP is set, and there is no php (Debian: php-cli)")
        pytest.skip("the bridge is PHP, and there is no php here (Debian: apt install php-cli)")
    return found


@dataclass(frozen=True)
class Page:
    """What the visitor got, and what the plugin did."""

    printed: str
    report: dict[str, Any]

    def calls(self, name: str) -> list[list[Any]]:
        return [given for called, given in self.report["calls"] if called == name]

    @property
    def order(self) -> dict[str, str]:
        """What stands in the order's meta data."""
        return dict(self.report["objects"]["order"]["meta"])

    @property
    def account(self) -> dict[str, str]:
        return dict(self.report["meta"])

    @property
    def events(self) -> list[dict[str, Any]]:
        told = [json.loads(what["body"])["events"] for _, what in self.calls("wp_remote_post")]
        return [one for some in told for one in some]

    @property
    def answers(self) -> list[Any]:
        """What winback answered, where the network is real: JSON as it is, None for nothing."""
        answers: list[str | None] = self.report["answers"]
        return [json.loads(one) if one and one.startswith("{") else one for one in answers]


@dataclass(frozen=True)
class Shop:
    """Opens pages; every argument replaces an entry of WORLD."""

    folder: Path
    php: str

    def page(
        self, *happens: list[Any], environ: dict[str, str] | None = None, **other: Any
    ) -> Page:
        world = copy.deepcopy(WORLD) | {"happens": list(happens)} | other
        number = sum(1 for _ in self.folder.glob("*.world"))
        scenario, report = self.folder / f"{number}.world", self.folder / f"{number}.report"
        scenario.write_text(json.dumps(world))
        ended = subprocess.run(
            [self.php, WORDPRESS, scenario, report, BRIDGE],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={"PATH": os.environ["PATH"]} | (environ or {}),
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert ended.stderr == ""
        return Page(ended.stdout, json.loads(report.read_text()))

"""The config of a story's agent, and the templates that its WhatsApp has approved."""

from dataclasses import dataclass, field
from pathlib import Path

from agent.sandbox.whatsapp.whatsapp import WhatsApp

EVENTS_TOKEN = "an-example-token-of-the-shop"
OPT_OUT = {"type": "QUICK_REPLY", "text": "No more offers"}
TEMPLATES = {
    "we_miss_you": "Hello {{1}}! It has been a while since you took {{2}} home. See what is new at {{3}} now.",
    "loyalty_reward": "Hello {{1}}! For you: {{2}} off with the code {{3}}, until {{4}}. See you at {{5}} soon.",
    "new_arrivals": "Hello {{1}}! These are new in the shop: {{2}}. Have a look at {{3}} when you like.",
    "back_in_stock": "Hello {{1}}! Back on the shelf: {{2}}. They go fast, so see {{3}} in time.",
    "price_drop": "Hello {{1}}! Now it costs less: {{2}}. See it at {{3}} when you like.",
}
CONFIG = """\
[shop]
url = "{shop}"
key = "ck_sandbox"
secret = "cs_sandbox"
parallel = 1  # else which of two requests comes first is chance

[whatsapp]
phone_number_id = "{number}"
business_account_id = "{account}"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"
base_url = "{whatsapp}"
messages_per_second = 1000
workers = {workers}
unsure_after = "2h"
canary = []  # who is sent what would depend on it

[web]
listen = "127.0.0.1:0"
events_token = "{token}"

[database]
path = "winback.db"

[timetable]
poll = "1h"
stale_after = "2h"
templates = "12h"
attribution = "12h"

# fewer looks than in life, where there are sixty polls an hour
[mirror]
sweep_hours = {sweep_hours}
lines_sweep = "60d"
carts = "6h"
counts = "1d"
trash = "6h"
accounts = "1h"
variations = "12h"
rest = "1d"
drift_at = "23:59"  # never, in a story: what the drift meter finds is chance

[limits]
per_7_days = {per_7_days}
per_30_days = {per_30_days}

[audience]
backlog_per_day = {backlog}
attempts_per_spell = {attempts}

[budget]
messages_per_month = {budget}

[holdout]
everything = 0
share = 0

[campaigns.we_miss_you]
enabled = true
body = ["{{first_name|there}}", "{{last_product|something nice}}", "{{shop_url}}"]
opt_out_payload = "OPTOUT_MARKETING"

[campaigns.loyalty_reward]
enabled = true
body = [
  "{{first_name|there}}", "{{discount_percent}}", "{{coupon_code}}", "{{coupon_expires}}", "{{shop_url}}",
]
tiers = [{{spent = 300, percent = 10}}, {{spent = 500, percent = 15}}, {{spent = 900, percent = 20}}]
cooldown = "{loyalty_cooldown}d"

[campaigns.new_arrivals]
enabled = true
opt_out_payload = "OPTOUT_MARKETING"
cooldown = "{arrivals_cooldown}d"

[campaigns.back_in_stock]
enabled = true
opt_out_payload = "OPTOUT_MARKETING"
people_per_unit = {people_per_unit}
wave_after = "{wave_hours}h"

[campaigns.price_drop]
enabled = true
opt_out_payload = "OPTOUT_MARKETING"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the shop's owner wants: the agent reads it in its config, the checker holds it to it."""

    per_7_days: int = 1
    per_30_days: int = 4
    attempts: int = 3
    backlog: int = 40
    budget: int | None = None  # messages in a calendar month
    loyalty_cooldown: int = 25  # days
    arrivals_cooldown: int = 12
    people_per_unit: int = 2
    wave_hours: int = 3
    workers: int = 1
    sweep_hours: int = 240
    tiers: tuple[tuple[int, int], ...] = field(default=((300, 10), (500, 15), (900, 20)))


def write_config(path: Path, account: WhatsApp, terms: Terms, *, shop: str, whatsapp: str) -> None:
    """A config that leads to a world at these addresses."""
    path.touch(mode=0o600)
    path.write_text(
        CONFIG.format(
            number=account.phone_number_id,
            account=account.business_account_id,
            per_7_days=terms.per_7_days,
            per_30_days=terms.per_30_days,
            attempts=terms.attempts,
            backlog=terms.backlog,
            budget='""' if terms.budget is None else terms.budget,
            loyalty_cooldown=terms.loyalty_cooldown,
            arrivals_cooldown=terms.arrivals_cooldown,
            people_per_unit=terms.people_per_unit,
            wave_hours=terms.wave_hours,
            workers=terms.workers,
            sweep_hours=terms.sweep_hours,
            token=EVENTS_TOKEN,
            shop=shop,
            whatsapp=whatsapp,
        ),
        encoding="utf-8",
    )


def add_templates(whatsapp: WhatsApp) -> None:
    """All five, approved."""
    for name, body in TEMPLATES.items():
        buttons = [] if name == "loyalty_reward" else [OPT_OUT]
        whatsapp.add_template(name, "en", body=body, buttons=buttons)

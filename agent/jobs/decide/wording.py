"""What the placeholders of a message stand for, for one person."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.jobs.decide.people import Known


def variables(
    known: Known,
    facts: Mapping[str, str],
    *,
    last_product: str,
    language: str,
    zone: ZoneInfo,
    coupon: Mapping[str, object] | None,
) -> dict[str, str]:
    """Placeholder -> text. What is not known is '' and takes its fallback."""
    values = {
        "first_name": known.first_name,
        "last_name": known.last_name,
        "full_name": f"{known.first_name} {known.last_name}".strip(),
        "last_product": last_product,
        "shop_name": facts["name"],
        "shop_url": facts["url"],
        "country": known.person.region,
        "orders_count": str(known.person.bought),
    }
    if coupon is not None:
        expires = coupon["expires_at"]
        assert isinstance(expires, datetime)  # noqa: S101 - tells the type checker what we wrote
        values |= {
            "coupon_code": str(coupon["code"]),
            "discount_percent": f"{coupon['percent']}%",
            "coupon_expires": _long_date(expires.astimezone(zone), language),
        }
    return values


def _long_date(moment: datetime, language: str) -> str:
    """The date in words of the template's language."""
    from babel import Locale, UnknownLocaleError
    from babel.dates import format_date

    try:
        locale = Locale.parse(language)
    except (ValueError, UnknownLocaleError):
        locale = Locale("en")
    return format_date(moment.date(), "long", locale=locale)

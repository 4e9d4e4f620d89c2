"""Order news of before had a moment for a period: they get a date, as all messages have, and stay apart."""

from pathlib import Path

import pytest
from playhouse.migrations import Runner

from models import Message
from models.base import MIGRATIONS, close_database, migrate, open_database
from models.base import database as handle

MOMENT = "2026-03-02T12:00:00+00:00"


@pytest.mark.parametrize(
    ("order", "period", "after"),
    [
        (17, MOMENT, ("2026-03-01", f"17 {MOMENT}")),
        (17, "2026-03-02", ("2026-03-02", "17")),  # decided by a version that has dates already
        (None, "2026-03-02", ("2026-03-02", "17")),
    ],
)
def test_news_get_the_date_of_the_shop(
    tmp_path: Path, order: int | None, period: str, after: tuple[str, str]
) -> None:
    # given a database of before, with two news of the first of March in the shop
    close_database()
    open_database(tmp_path / "old.db")
    Runner(handle.obj, str(MIGRATIONS)).up("0008_consent")
    for number in range(2):
        add(f"uid {number}", period if number == 0 else later(period), order, number)
    # when this version takes it over
    migrate()
    # then they have dates, and each is still one of its own
    one, other = Message.select(Message.period, Message.subject).order_by(Message.id)
    assert (one.period, one.subject) == after
    assert other.subject != one.subject or other.period != one.period


def later(period: str) -> str:
    return period.replace("12:00:00", "12:00:01") if len(period) > 10 else "2026-03-03"


def add(uid: str, period: str, order: int | None, number: int) -> None:
    """A row with the columns that it had then."""
    columns = [one.name for one in handle.get_columns("message")]
    fields = {one.column_name: one for one in Message._meta.sorted_fields}
    values = {name: fields[name].default for name in columns if fields[name].default is not None}
    moment = "2026-03-02 12:00:00.000000"
    values |= {
        "uid": uid, "contact_id": 1, "campaign": "order_completed", "subject": "17",
        "period": period, "template": "t", "language": "en", "cap_day": "2026-03-01",
        "created_at": moment, "not_before": moment, "expires_at": moment, "order_id": order,
        "state": "cancelled" if number else "read", "variables": "{}", "about": "{}",
    }  # fmt: skip
    marks = ", ".join("?" * len(values))
    handle.execute_sql(
        f"INSERT INTO message ({', '.join(values)}) VALUES ({marks})", tuple(values.values())
    )

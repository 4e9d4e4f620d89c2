"""Meta's states of a template, in words that say what to do."""

import pytest

from agent.rules.template_states import remedy, trouble_of

BY_META = (
    "PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL", "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED",
    "ARCHIVED", "LOCKED",
)  # fmt: skip


def test_an_approved_one_is_well() -> None:
    assert trouble_of("APPROVED") is None


@pytest.mark.parametrize("status", BY_META)
def test_every_other_is_told_with_what_to_do_about_it(status: str) -> None:
    trouble = trouble_of(status)
    assert trouble is not None
    assert trouble.what.startswith(f"the template is {status}: ")
    assert trouble.fix


def test_where_nobody_can_do_anything_it_passes() -> None:
    passing = {one for one in BY_META if (trouble := trouble_of(one)) and trouble.passes}
    assert passing == {"PENDING", "IN_APPEAL", "PAUSED"}
    pending = trouble_of("PENDING")
    assert pending is not None
    assert "nothing to do" in pending.fix


def test_one_without_a_status_is_told() -> None:
    trouble = trouble_of("")
    assert trouble is not None
    assert "without a status" in trouble.what


def test_the_remedy_is_found_by_what_is_wrong_where_that_is_all() -> None:
    pending = trouble_of("PENDING")
    assert pending is not None
    assert remedy(pending.what, "look there") == pending.fix
    assert remedy(f"{pending.what}; and more", "look there") == "look there"
    assert remedy("WhatsApp has no template", "look there") == "look there"

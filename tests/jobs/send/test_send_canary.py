"""A real sender and a new template: batch by batch, and not one more after a bad batch."""

from send_stage import Office
from sending_world import states

from agent.jobs.canary import watch_canaries
from agent.pauses import resume_campaign
from models import Pause

BATCHES = {"whatsapp__canary": [5, 10], "whatsapp__canary_wait": "1h"}


def watch(office: Office) -> dict[str, int]:
    return watch_canaries(office.settings, now=office.clock.now())


def test_a_new_template_leaves_in_batches(office: Office) -> None:
    office.change(**BATCHES)
    office.world.queue(30)
    left = []
    for _ in range(3):
        office.send()
        office.send()  # another run does not begin another batch
        left.append(len(office.taken))
        watch(office)
        office.later(minutes=59)
        office.send()
        office.later(minutes=1)
        watch(office)
    assert left == [5, 15, 30]
    assert max(office.taken.values()) == 1


def test_a_bad_batch_is_the_last_until_somebody_has_looked(office: Office) -> None:
    office.change(**BATCHES)
    office.world.queue(30)
    office.whatsapp.fail_next(131009, times=4)
    office.send()
    assert watch(office) == {"stop": 1}
    (pause,) = Pause.select()
    assert pause.reason == "4 of 5 messages failed (more than 10 %): error 4 x 131009"
    office.later(hours=5)
    office.send()
    assert (states()["queued"], len(office.taken)) == (25, 1)

    resume_campaign("we_miss_you", now=office.clock.now())
    office.send()
    assert len(office.taken) == 6  # the same batch once more
    office.later(hours=1)
    watch(office)
    office.later(hours=1)
    assert watch(office) == {"next": 1}


def test_a_text_that_changes_meanwhile_is_tried_out_anew(office: Office) -> None:
    office.change(**BATCHES)
    office.world.queue(40)
    for _ in range(2):
        office.send()
        watch(office)
        office.later(hours=1)
        watch(office)
    assert len(office.taken) == 15
    office.whatsapp.templates.change(
        "we_miss_you", "en", components=_components("Dear {{1}}, come and see {{2}} soon.")
    )
    office.world.learn_the_shop(office.settings)
    office.send()
    assert len(office.taken) == 20


def _components(text: str) -> tuple[dict[str, str], ...]:
    return ({"type": "BODY", "text": text},)

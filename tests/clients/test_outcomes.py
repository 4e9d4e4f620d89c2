"""What each error code of WhatsApp asks of us."""

import pytest

from agent.clients.outcomes import ACTIONS, Action, action_of

# Meta's list of error codes, in its order, each with what the reference says to do.
MEANT = {
    Action.ACCOUNT: [
        *(0, 3, 10, 33, 104, 190, *range(200, 300), 368, 131005, 131031, 131037, 131042, 131045),
        *(131048, 131063, 131064, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016),
        *(134011, 134102),
    ],
    Action.RETRY: [1, 2, 131000, 131016, 131057, 133004],
    Action.SLOW: [4, 80007, 130429, 132069],
    Action.PAIR: [131056],
    Action.DEFER: [131049],
    Action.SUPPRESS_MARKETING: [131050],
    Action.SUPPRESS_ALL: [130403, 130497, 131026],
    Action.DROP: [130472, 131021, 131052, 137000],
    Action.TEMPLATE: [132000, 132001, 132007, 132012, 132015, 132016, 132018, 132068, 134101],
    Action.BUG: [
        *(100, 131008, 131009, 131030, 131047, 131051, 131053, 131062, 132005, 132008, 134100),
        *(135000, 139100, 139101, 139102, 139103),
        *(2388019, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299),
    ],
}


@pytest.mark.parametrize(
    ("code", "action"), [(code, action) for action, codes in MEANT.items() for code in codes]
)
def test_every_documented_code_has_its_action(code, action):
    assert ACTIONS[code] is action
    assert action_of(code) is action
    assert action_of(str(code)) is action


def test_the_table_has_no_code_that_is_not_documented_and_none_twice():
    documented = [code for codes in MEANT.values() for code in codes]
    assert sorted(documented) == sorted(ACTIONS)


@pytest.mark.parametrize("code", [-1, 5, 199, 300, 999999, "", "none", "131 049"])
def test_an_unknown_code_is_never_tried_again(code):
    assert action_of(code) is Action.BUG


@pytest.mark.parametrize(
    ("code", "answered", "reported"),
    [
        (131000, Action.RETRY, Action.DROP),
        (1, Action.RETRY, Action.DROP),
        (135000, Action.BUG, Action.ACCOUNT),
        (131049, Action.DEFER, Action.DEFER),
        (131050, Action.SUPPRESS_MARKETING, Action.SUPPRESS_MARKETING),
    ],
)
def test_some_codes_mean_something_else_when_a_status_brings_them(code, answered, reported):
    assert action_of(code) is answered
    assert action_of(code, by_status=True) is reported


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        ACTIONS[190] = Action.RETRY

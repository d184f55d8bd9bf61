from pipeline.cutout import ladder
from pipeline.imaging.verdict import score
from pipeline.policies.shipped import shipped_policy
from pipeline.states import AFTER_WITHDRAWAL, BY_HAND, GONE, MOVES, OWN_ALPHA, SENT_BACK, State
from pipeline.words import CUTOUT_WORDS, REASON_WORDS, RUNG_WORDS


def test_every_state_can_be_reached_and_only_purged_is_final():
    reached, edge = {State.RECEIVED}, {State.RECEIVED}
    while edge:
        edge = set().union(*(MOVES[state] for state in edge)) - reached
        reached |= edge
    assert reached == set(State)
    assert [state for state in State if not MOVES[state]] == [State.PURGED]


def test_any_frame_can_be_superseded_but_a_withdrawing_one_and_those_that_are_gone():
    exempt = {State.WITHDRAWING, *GONE}
    assert {state for state in State if State.SUPERSEDED not in MOVES[state]} == exempt


def test_every_reason_that_the_shipped_policy_can_give_has_words():
    policy = shipped_policy()
    codes = {*policy["components"], *policy["vetoes"], *score.VETOES, "held-all", "low-confidence"}
    assert codes <= REASON_WORDS.keys()


def test_every_reason_for_a_withdrawal_has_words_and_leads_where_a_frame_can_go():
    assert {*AFTER_WITHDRAWAL, SENT_BACK} <= REASON_WORDS.keys()
    assert {*AFTER_WITHDRAWAL.values()} <= MOVES[State.WITHDRAWING]


def test_every_rung_of_the_ladder_has_words():
    assert {OWN_ALPHA, BY_HAND, *ladder.FOR_PEOPLE} == set(RUNG_WORDS) == {*CUTOUT_WORDS, BY_HAND}

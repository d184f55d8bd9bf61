from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pipeline import audit_draw, processing, replay
from pipeline.models import Frame, GatePolicy, Scorecard, ShadowVerdict
from pipeline.policies.shipped import shipped_policy
from pipeline.states import State
from tests.factories import judged, policy

STRICT = {cls: dict.fromkeys(("front", "angle", "side", "unnamed"), 0.99) for cls in ("eyewear", "watch")}


@pytest.fixture
def mixed(db):
    """Three frames that the active policy passed and two that it held, by their haze."""
    row = policy(is_active=True)
    return [judged(n, row, haze=haze) for n, haze in enumerate((0.1, 0.2, 0.6, 0.95, 0.99))]


def test_regate_replays_stored_metrics_and_changes_no_frame(mixed):
    strict = policy("strict", thresholds=STRICT)
    states = list(Frame.objects.order_by("pk").values_list("state", "version"))
    out = StringIO()
    call_command("regate", policy=strict.pk, stdout=out)
    assert "5 frames replayed, 0 not" in out.getvalue()
    assert "would publish 0 and send 5 to review (100.0 %)" in out.getvalue()
    assert "Sent to review now, published before: 3" in out.getvalue() and "P0 front" in out.getvalue()
    assert list(Frame.objects.order_by("pk").values_list("state", "version")) == states


def test_regate_twice_notes_each_verdict_once(mixed):
    strict = policy("strict", thresholds=STRICT)
    replay.regate(strict)
    replay.regate(strict)
    assert ShadowVerdict.objects.count() == 5


def test_scorecards_that_lack_what_a_policy_asks_for_are_counted_apart(mixed):
    newer = policy("newer", components={"soft-edge": {"metric": "softness", "ranks": [[0, 0], [1, 1]]}})
    assert replay.regate(newer) == (0, 5)


def test_regate_names_the_policies_there_are(mixed):
    shipped = shipped_policy()["version"]
    with pytest.raises(CommandError, match=rf"no policy 9999; there are .*default v{shipped}"):
        call_command("regate", policy=9999)


def test_a_policy_in_shadow_says_what_it_would_have_done_and_does_nothing(received, matter):
    lenient = GatePolicy.objects.create(
        name="all held", version=1, document={**shipped_policy(), "thresholds": STRICT}, in_shadow=True
    )
    frame = processing.run(received().pk)
    assert frame.state == State.APPROVED
    found = replay.comparison(lenient)
    assert (found.replayed, found.newly_held.count(), found.newly_published.count()) == (1, 1, 0)


def test_a_shadow_that_can_not_judge_stops_nobody(received, matter):
    parts = {"odd": {"metric": "nonesuch", "ranks": [[0, 0], [1, 1]]}}
    odd = GatePolicy.objects.create(
        name="odd", version=1, document={**shipped_policy(), "components": parts}, in_shadow=True
    )
    assert processing.run(received().pk).state == State.APPROVED
    assert not odd.shadow_verdicts.exists()


@pytest.mark.parametrize(("draw", "is_marked"), [(0.01, True), (0.06, False)])
def test_a_frame_is_marked_by_its_draw_and_audited_if_it_passes(draw, is_marked, received, matter):
    frame = received()
    Frame.objects.filter(pk=frame.pk).update(draw=draw)
    frame = processing.run(frame.pk)
    card = Scorecard.objects.get()
    assert (card.is_marked, card.audit_rate) == (is_marked, 0.05)
    assert frame.audit_due == ("drawn" if is_marked else "")


def test_a_frame_that_is_held_is_marked_all_the_same(received, matter):
    from tests.pipeline.conftest import photo

    frame = received(data=photo(touch_border=True))
    Frame.objects.filter(pk=frame.pk).update(draw=0.0)
    frame = processing.run(frame.pk)
    assert (frame.state, frame.audit_due, Scorecard.objects.get().is_marked) == (State.EXCEPTION, "", True)


def test_a_second_run_of_a_frame_is_never_marked(received, matter):
    frame = received()
    Frame.objects.filter(pk=frame.pk).update(draw=0.0)
    processing.run(frame.pk)
    Frame.objects.filter(pk=frame.pk).update(state=State.RECEIVED)
    processing.run(frame.pk)
    assert list(Scorecard.objects.order_by("attempt").values_list("is_marked", flat=True)) == [True, False]


def test_the_draw_is_the_files_and_the_keys_alone(received, settings):
    frame = received()
    assert frame.draw == audit_draw.draw(frame.sha256, settings.AUDIT_KEY)


def test_as_many_files_are_marked_as_the_rate_says_and_half_of_the_products_certify():
    files = [f"{n:064x}" for n in range(20_000)]
    marked = [file for file in files if audit_draw.draw(file, "key") < 0.05]
    assert abs(len(marked) - 1000) < 4 * (20_000 * 0.05 * 0.95) ** 0.5
    certify = sum(audit_draw.is_for_certifying(file, "key") for file in marked)
    assert abs(certify - len(marked) / 2) < 4 * (len(marked) / 4) ** 0.5

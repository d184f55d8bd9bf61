"""What is taken back while others go on."""

import pytest
from django.contrib.auth.models import User

from pipeline.models import Batch, Frame
from pipeline.shop import listings, publish, recall
from pipeline.states import State
from pipeline.transitions import advance
from review.queue import undo
from review.queue.decisions import DecisionError, decide
from tests.factories import scorecard, sold


def test_what_was_replaced_meanwhile_comes_back_into_no_shop(db, buckets):
    user, batch = User.objects.create_user("olga"), Batch.objects.create(name="Spring", product_class="watch")
    older = sold(batch, "AURA1")
    scorecard(older)
    recall.recall("review", older, older.version, actor="mia", why="a doubt")
    decide("reject", older, older.version, user)
    newer = Frame.objects.create(
        batch=batch, filename="AURA1_1.png", code="AURA1", view="front", sha256="n", state=State.APPROVED, attempt=1
    )
    advance(newer, State.PUBLISHING, actor="worker", lease=60)
    listing = listings.of(newer)
    listings.take(listing, newer)
    publish._finish(newer, listing, [])
    with pytest.raises(DecisionError, match="too late"):
        undo.take_back(user)
    assert list(Frame.objects.filter(state=State.PUBLISHED)) == [newer]

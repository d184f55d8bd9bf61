"""A scorecard on a frame's page."""

import re

import pytest

from pipeline.models import Batch, Frame
from tests.factories import scorecard


@pytest.mark.parametrize(("is_published", "told"), [(False, "doubtful"), (True, "plain, but outweighed")])
def test_a_scorecard_says_in_words_what_it_found_the_costliest_first(db, sign_in, is_published, told):
    frame = Frame.objects.create(batch=Batch.objects.create(name="Drop"), code="A", view="front", attempt=1)
    found = {"torn": 1.0, "blurred": 0.0, "haze": 0.5, "halo": 0.1}
    scorecard(frame, components=found, reasons=[], publish=is_published)
    page = sign_in("manager").get(f"/admin/pipeline/frame/{frame.pk}/change/").content.decode()
    rows = re.findall(r"<dt>([^<]*)</dt><dd><b[^>]*>([^<]*)</b>\s*<span>[^<]*</span>\s*<span>([^<]*)<", page)
    assert [" ".join(how.split()) for _, how, _ in rows] == [told, "a little", "seen", "no sign of it"]
    assert [weight for *_, weight in rows] == ["weight 0.30", "weight 0.18", "not counted", "weight 0.63"]
    assert rows[3][0] == "A part is cut off, or a second object is kept"

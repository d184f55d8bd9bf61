"""The words beside numbers: explained once, shortly, and reached from where they stand."""

import re

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.text import slugify

from review.glossary import WORDS

TEMPLATES = settings.BASE_DIR / "templates"


def test_every_word_that_a_page_leads_to_is_explained_there(sign_in):
    told = [re.findall(r'{% word "([^"]+)"', path.read_text()) for path in TEMPLATES.rglob("*.html")]
    named = {word for words in told for word in words}
    page = sign_in("manager").get("/admin/glossary/").content.decode()
    assert named and named <= WORDS.keys()
    assert all(f'id="{slugify(word)}"' in page for word in named)


def test_two_plain_sentences_are_enough_for_each_and_they_stand_in_order():
    assert list(WORDS) == sorted(WORDS)
    assert not {word: text for word, text in WORDS.items() if len(re.findall(r"[.?!](?: |$)", text)) > 2}


def test_a_finding_that_counts_nothing_alarms_nobody():
    part = {"code": "torn", "value": 0.1, "how": "doubtful", "weight": 0}
    shown = render_to_string("pipeline/score.html", {"card": {"confidence": 0.5, "threshold": 0.7, "found": [part]}})
    assert "not counted" in shown and "data-how" not in shown and "doubtful" not in shown

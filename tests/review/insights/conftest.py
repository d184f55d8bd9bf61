from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from review.insights.scope import Scope
from tests.review.insights.seeded import histories, seed

BERLIN = ZoneInfo("Europe/Berlin")
ALL = Scope(date(2026, 10, 1), date(2026, 11, 20))


@pytest.fixture
def seeded(db, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override(BERLIN):
        seed()
        yield list(histories())

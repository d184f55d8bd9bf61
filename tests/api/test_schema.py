"""The API does what its description says, whoever asks; and the description is whole.

Schemathesis makes at least fifty requests of each operation with each role's token, right ones and wrong ones.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from accounts.api.schema import LINKS
from config.wsgi import application
from pipeline.models import Batch
from tests import factories
from tests.api.conftest import Program, waiting
from tests.services import ON_POSTGRESQL

pytestmark = pytest.mark.slow
EXAMPLES = 50
EXCLUDED = {
    name: [positive_data_acceptance]
    for name in ("open_batch", "send_photos", "start_upload", "complete_upload", "decide", "take_back", "get_insights")
}
"""What is right of these is more than a schema can say: that a key was used before, a photo's name, the corners of a
box, the order of two days."""
# PostgreSQL is asked by whoever may do most: the others are mostly refused, before any row is looked for.
ROLES = ("admin",) if ON_POSTGRESQL else ("uploader", "operator", "manager", "admin")


@pytest.fixture
def limits(settings) -> Iterator[None]:
    """None; and requests that come through WSGI stay in the test's transaction, as those of Django's client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    settings.API_REQUESTS_PER_MINUTE = settings.API_STRANGERS_PER_MINUTE = 10**6
    settings.AXES_ENABLED = False
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_operation_answers_as_it_is_described(program, limits, services):
    askers = [program(role) for role in ROLES]
    for role, asker in zip(ROLES, askers, strict=True):
        batch = Batch.objects.create(name=f"Drop of {role}", product_class="watch", created_by=asker.user)
        factories.scorecard(waiting(batch, f"A-{role}"))
        factories.sold(batch, f"D-{role}")
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application)
    schema.config.generation.update(allow_x00=False)  # NUL is refused, which tests/api/test_limits.py sees to
    operations = [found.ok() for found in schema.get_all_operations()]
    faults = [fault for operation in operations for fault in attack(operation, askers)]
    assert len(operations) == 21 and not faults, "\n\n".join(faults)


def attack(operation: Any, askers: list[Program]) -> Iterator[str]:
    """What an operation did otherwise than described, whoever asked, and whether it was asked too seldom."""
    name = operation.definition.raw["operationId"]
    all_headers = [{"Authorization": f"Bearer {asker.pair['access']}"} for asker in askers]
    count = 0

    @seed(0)
    @hypothesis_settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def is_as_described(case: Any) -> None:
        nonlocal count
        count += 1
        all_headers.append(all_headers.pop(0))  # each is the first at times, whom no other has left a conflict
        for headers in all_headers:
            case.call_and_validate(headers=headers, excluded_checks=EXCLUDED.get(name, []))

    try:
        is_as_described()
    except BaseExceptionGroup as found:
        yield "\n".join([name, *(str(one) for one in (found, *found.exceptions))])
    if count < EXAMPLES:
        yield f"{name} was asked {count} times only"


def test_every_link_leads_from_one_operation_to_another_with_what_the_first_answers(client):
    paths = json.loads(client.get("/api/v1/schema").content)["paths"]
    known = {found["operationId"]: found for item in paths.values() for found in item.values()}
    assert len(known) == 21 and LINKS.keys() <= known.keys()
    for links in LINKS.values():
        for to, asked in links.values():
            assert asked.keys() <= {parameter["name"] for parameter in known[to].get("parameters", ())}

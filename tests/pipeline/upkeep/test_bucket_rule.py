"""The rule that docs/upkeep.md gives the private bucket, carried out by a real store: a hold is stronger."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from pipeline import naming
from pipeline.engines import embedded, object_store
from pipeline.models import Batch, Frame
from pipeline.upkeep import retention
from tests.pipeline.conftest import photo
from tests.pipeline.upkeep.test_retention import days_later, fails, nothing_drawn, purged  # noqa: F401 - fixtures
from tests.pipeline.upkeep.test_verify import keys
from tests.services import bucket_of

LONG_AGO = "2020-01-01T00:00:00Z"
Enforce = Callable[[], None]


def documented() -> dict[str, Any]:
    page = (settings.BASE_DIR / "docs" / "upkeep.md").read_text()
    rules: dict[str, Any] = json.loads(page.split("```json\n")[1].split("```")[0])
    return rules


@pytest.fixture
def enforce(services) -> Iterator[Enforce]:
    """Carries out the documented rule for what is tagged, as if all days that it waits had passed."""
    bucket = bucket_of("work")
    client, name = bucket.meta.client, bucket.name
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=documented())
    assert client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == documented()["Rules"]
    rule = documented()["Rules"][0]
    at_once = {key: rule[key] for key in ("ID", "Status", "Filter")} | {"Expiration": {"Date": LONG_AGO}}
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [at_once]})
    yield carry_out
    client.delete_bucket_lifecycle(Bucket=name)


def carry_out() -> None:
    """What the store does by itself once a day; where each of its servers listens, embedded.seaweedfs says."""
    first = urlsplit(settings.S3_ENDPOINT_URL).port or 0
    s3, master, filer = (f"{embedded.LOOPBACK}:{first + offset}" for offset in (7, 1, 3))
    command = [embedded._weed(), "shell", f"-master={master}.{first + 4}", f"-filer={filer}.{first + 6}"]
    said = f"s3.lifecycle.run-shard -shards 0-15 -s3 {s3} -runtime 20s\n"
    done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=60)
    assert re.search(r"loaded lifecycle for 1 bucket.*shards 0-15 complete", done.stdout, re.DOTALL), done.stdout


def in_a_batch_of_its_own(frame: Frame, **fields: Any) -> Batch:
    own = Batch.objects.create(name=frame.code, product_class="watch", **fields)
    Frame.objects.filter(pk=frame.pk).update(batch=own)
    return own


def objects_of(frame: Frame) -> set[str]:
    return {key for key in keys("work") if key.startswith(naming.frame_prefix(frame.pk))}


def purge_breaks_off() -> None:
    with pytest.raises(object_store.ObjectStoreError):
        purged()


def test_a_held_object_outlives_the_rule_and_the_purge(published, enforce, kinds, days_later, monkeypatch):  # noqa: F811
    """One photo was held before any purge, one in the middle of one; of the third the rule finishes what broke off."""
    held, held_late = published("AURA1_1.png", photo(30)), published("AURA2_1.png", photo(60))
    in_a_batch_of_its_own(held, legal_hold=True)
    late = in_a_batch_of_its_own(held_late)
    kept = objects_of(held) | objects_of(held_late)
    with monkeypatch.context() as patch:
        patch.setattr(object_store, "delete_all_work", fails)
        days_later(61)
        purge_breaks_off()
        retention.hold([late])
        due = published("AURA3_1.png", photo(90))
        days_later(61)
        purge_breaks_off()
    assert objects_of(due)
    enforce()
    assert keys("work") == kept and not objects_of(due)
    assert purged() == ["AURA3"]
    assert keys("work") == kept and kinds() == []
    enforce()
    assert keys("work") == kept

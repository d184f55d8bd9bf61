from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import LEASES, table
from tests.faults.product import Product


@pytest.fixture
def product(tmp_path: Path, database_server: None) -> Iterator[Product]:
    """Set up but not started; not a first start, so that it ingests nothing by itself."""
    product = Product(tmp_path)
    product.skip_the_samples()
    yield product
    product.close()


@pytest.fixture(scope="session")
def started_plant(django_db_setup: None, django_db_blocker: Any, valkey: Any, seaweedfs: Any) -> Iterator[Any]:
    from pipeline.engines import object_store
    from tests.faults import plant

    store = plant.proxy_before_s3()
    with django_db_blocker.unblock():
        object_store.ensure_buckets()
        started = plant.Plant(store)
    yield started
    started.stop()
    store.close()


@pytest.fixture
def plant(transactional_db: None, services: None, started_plant: Any, settings: Any) -> Iterator[Any]:
    """Two workers and a clock at work, over rows, queues and buckets that are empty."""
    for name, seconds in LEASES.items():
        setattr(settings, name, seconds)
    started_plant.begin()
    yield started_plant
    started_plant.rest()


@pytest.fixture
def fault(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> table.Record:
    """A line of the table, as far as the test gets."""
    return table.Record(record_property)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    lines = table.lines(terminalreporter.stats)
    if lines:
        terminalreporter.section("faults")
        terminalreporter.write("\n".join(lines) + "\n")

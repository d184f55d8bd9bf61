from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.product import Product


@pytest.fixture
def product(tmp_path: Path, database_server: None) -> Iterator[Product]:
    """Set up but not started; not a first start, so that it ingests nothing by itself."""
    product = Product(tmp_path)
    product.skip_the_samples()
    yield product
    product.close()

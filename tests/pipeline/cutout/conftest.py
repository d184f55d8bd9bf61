import pytest
from django.conf import settings

from pipeline.engines import weights
from pipeline.engines.rembg_matter import RembgMatter


@pytest.fixture(scope="session")
def isnet() -> RembgMatter:
    """With the real weights."""
    model_file = weights.locate(weights.DEFAULT, settings.WEIGHTS_DIR)
    return RembgMatter(name=weights.DEFAULT, model_file=model_file, threads=2)

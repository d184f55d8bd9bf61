"""Which runtime the model was found to be the faster on, on this host."""

from django.conf import settings

from pipeline.engines import runtime_check, weights
from pipeline.engines.runtime_check import Choice


def measured() -> Choice | None:
    """What the trial of both runtimes found on this host; None where no worker has made it."""
    known = weights.lookup(settings.MATTE_MODEL)
    return runtime_check.remembered(settings.WEIGHTS_DIR / known.file_name)

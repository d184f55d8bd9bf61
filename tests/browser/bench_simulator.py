"""How long a step of the slider takes on 100,000 scorecards: `make bench-ui`. Prints figures and judges nothing."""

import time
from statistics import median
from typing import Any

import numpy as np

from pipeline.imaging.types import View
from pipeline.models import Batch, Frame, GatePolicy, Scorecard, active_policy
from pipeline.states import State
from review.models import Decision
from tests.browser.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER
FRAMES, LABELLED, STEPS = 100_000, 10, 50
VIEWS: tuple[View, ...] = ("front", "angle", "side")

STEP = """() => {
  const slider = document.getElementById('step'), spent = [];
  for (let step = 0; step < %d; step++) {
    slider.value = 40 + step;
    const began = performance.now();
    slider.dispatchEvent(new Event('input'));
    document.body.offsetHeight;
    spent.push(performance.now() - began);
  }
  return spent;
}"""


def test_a_step_on_100_000_scorecards(page, sign_in_as, services, capsys):
    _stored()
    sign_in_as("manager")
    page.set_default_timeout(120_000)
    began = time.monotonic()
    page.goto(f"/admin/policies/{active_policy().pk}/thresholds/")
    page.wait_for_selector("#slider:not([hidden])")
    opened = time.monotonic() - began
    spent = page.evaluate(STEP % STEPS)
    size = page.evaluate(
        "performance.getEntriesByType('resource').find((one) => one.name.endsWith('curve')).decodedBodySize"
    )
    with capsys.disabled():
        print(f"\nthe curve of {FRAMES:,} scorecards: {opened:.1f} s once, {size / 1000:.0f} kB")
        print(f"a step of the slider: median {median(spent):.2f}, worst {max(spent):.2f} ms")


def _stored() -> None:
    """Every tenth frame is labelled: the held ones, and the audited ones."""
    row, rng = active_policy(), np.random.default_rng(3)
    measured = _measured(rng)
    batch = Batch.objects.create(name="Spring")
    usual: Any = {"filename": "A_1.jpg", "state": State.PUBLISHED, "attempt": 1, "product_class": "eyewear"}
    frames = Frame.objects.bulk_create(
        (
            Frame(batch=batch, code=f"P{n // 3}", view=VIEWS[n % 3], sha256=f"{n:064x}", draw=n / FRAMES, **usual)
            for n in range(FRAMES)
        ),
        batch_size=2000,
    )
    cards = Scorecard.objects.bulk_create(
        (_card(frame, row, *measured[n % 1000], n % LABELLED == 0) for n, frame in enumerate(frames)), batch_size=2000
    )
    Decision.objects.bulk_create(
        (
            Decision(
                frame=card.frame,
                scorecard=card,
                kind="approve",
                occasion="drawn" if card.publish else "exception",
                label="bad" if rng.random() < 0.02 else "good",
                by="olga",
            )
            for card in cards[::LABELLED]
        ),
        batch_size=2000,
    )


def _measured(rng: np.random.Generator) -> list[tuple[float, dict[str, float]]]:
    """How doubtful photos are, and what is measured on them: a thousand, to be used over and over."""
    ranks = {
        part["metric"]: [rank for rank, _ in part["ranks"]] for part in active_policy().document["components"].values()
    }
    found = []
    for doubt in rng.random(1000) ** 2:
        places = np.clip(doubt + rng.normal(0, 0.1, len(ranks)), 0, 1)
        metrics = {
            name: float(np.quantile(values, at)) for (name, values), at in zip(ranks.items(), places, strict=True)
        }
        found.append((float(doubt), metrics | {"coverage": 0.2, "border_touch": 0.0}))
    return found


def _card(frame: Frame, row: GatePolicy, doubt: float, metrics: dict[str, float], is_marked: bool) -> Scorecard:
    confidence = 1 - doubt
    return Scorecard(
        frame=frame,
        attempt=1,
        width=1400,
        height=1050,
        confidence=confidence,
        publish=confidence > 0.75,
        threshold=0.75,
        is_marked=is_marked,
        audit_rate=0.05,
        components={},
        metrics=metrics,
        reasons=[],
        seconds={},
        model_sha256=row.document["model_sha256"],
        scorer_version=row.document["scorer_version"],
        policy=row,
    )

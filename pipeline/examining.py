"""One photo, from its pixels to a verdict: matte, crop, score, judge; then the repair ladder, if the score doubts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline import ladder, matting
from pipeline.engines.protocols import Matter
from pipeline.imaging import halfglass, refine, renditions
from pipeline.imaging.score import judge, measure, measure_view, score
from pipeline.imaging.types import RGB, Alternative, Candidate, Examined, Matte, Policy, ProductClass, View
from pipeline.imaging.viewpoint import seen_view
from pipeline.listing import has_half_glass, listing_spec
from pipeline.states import FIRST_LOOK

Seconds = dict[str, float]
# For policies from before the ladder: no confidence exceeds 1.
NEVER = 2.0


def examine(
    rgb: RGB,
    matter: Matter,
    product_class: ProductClass,
    view: View | None,
    policy: Policy,
    second_matter: Callable[[], Matter | None] = lambda: None,
) -> Examined:
    """Find the best matte of one enhanced photo. Touches no row, no bucket; a confident photo is matted once."""
    seconds: Seconds = {}

    def candidate(rung: str, matte: Matte, model: Matter) -> Candidate:
        return _candidate(rung, rgb, matte, model, product_class, view, policy, seconds)

    with timed(seconds, "matte"):
        scene = matting.scene_of(rgb, product_class, listing_spec().lens)
        first = matting.matte(scene, matter)
    best = candidate(FIRST_LOOK, first, matter)
    others: list[Alternative] = []
    if not best.is_confident:
        doubted = ladder.Doubted(scene, first, matter, second_matter)
        for rung, attempt in ladder.RUNGS.items():
            with timed(seconds, rung):
                tried = attempt(doubted)
            if tried is None:
                continue
            another = candidate(rung, *tried)
            if _rescues(another, policy):
                return Examined(another, (*others, _packed(best)), seconds)
            others.append(_packed(another))
    return Examined(best, tuple(others), seconds)


def _rescues(candidate: Candidate, policy: Policy) -> bool:
    """Whether a rung's matte may take the first one's place: the more are tried, the surer the one has to be."""
    if candidate.rung in ladder.FOR_PEOPLE_ONLY or not candidate.is_confident:
        return False
    return bool(candidate.score.confidence >= policy.get("rescue_threshold", NEVER))


def _candidate(
    rung: str,
    rgb: RGB,
    matte: Matte,
    model: Matter,
    product_class: ProductClass,
    view: View | None,
    policy: Policy,
    seconds: Seconds,
) -> Candidate:
    crop_expected = has_half_glass(product_class, view)
    with timed(seconds, "crop"):
        found = halfglass.find_crop(matte.alpha) if product_class == "eyewear" else None
        crop = found if crop_expected else None
    with timed(seconds, "score"):
        metrics = measure(rgb, matte, crop, crop_expected)
        if product_class == "eyewear":
            metrics |= measure_view(seen_view(matte.alpha, found), view)
        result = score(metrics, policy, crop_expected=crop_expected)
        verdict = judge(result, policy, product_class, view)
    with timed(seconds, "clean"):
        alpha = refine.snap(matte.alpha)
        refine.drop_specks(alpha, out=alpha)
    return Candidate(rung, model.name, model.sha256, alpha, crop, result, verdict)


def _packed(candidate: Candidate) -> Alternative:
    return Alternative(candidate.rung, candidate.score.confidence, renditions.encode_alpha(candidate.alpha))


@contextmanager
def timed(seconds: Seconds, stage: str) -> Iterator[None]:
    """Add to the seconds of a stage."""
    start = time.perf_counter()
    yield
    seconds[stage] = round(seconds.get(stage, 0) + time.perf_counter() - start, 4)

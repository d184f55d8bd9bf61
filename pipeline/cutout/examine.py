"""One photo, from its pixels to a verdict: matte, crop, score, judge; a second look unless the score is sure, which a
watch's matte is made of too; then the repair ladder, if it doubts."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from structlog.contextvars import bound_contextvars

from pipeline.cutout import ladder
from pipeline.cutout.matte import Scene, look, look_in_mirror, matte_of, matte_of_both, scene_of, untold_matte_of
from pipeline.engines.protocols import Matter
from pipeline.imaging.crop import halfglass
from pipeline.imaging.crop.viewpoint import has_several, seen_view
from pipeline.imaging.matte import refine
from pipeline.imaging.metrics.measure import LOOKS, MEASURED_SIZE, measure, measure_second_look, measure_view
from pipeline.imaging.pictures.alpha_png import encode_alpha
from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import (
    RGB,
    Alpha,
    Alternative,
    Candidate,
    Crop,
    Examined,
    Matte,
    Policy,
    ProductClass,
    Score,
    Verdict,
    View,
)
from pipeline.imaging.verdict.score import LOST_PARTS, VIEW_VETOES, judge, score
from pipeline.listing_spec import has_half_glass, listing_spec
from pipeline.states import FIRST_LOOK, OWN_ALPHA

Seconds = dict[str, float]
# Of 214 labelled watches the mean of two looks leaves 75 defective, the first alone 86; of 152 glasses 27 and 26, since
# a lens so clear that only one look sees it is lost.
OF_BOTH_LOOKS: ProductClass = "watch"
# For policies from before the ladder: no confidence exceeds 1.
NEVER = 2.0


@dataclass(frozen=True)
class Known:
    """The matte that a photo has, its metrics, and the rungs that were climbed for it: its own one among them."""

    alpha: Alpha
    metrics: Mapping[str, float]
    rungs: Collection[str]


def examine(
    rgb: RGB,
    matter: Matter,
    product_class: ProductClass,
    view: View | None,
    policy: Policy,
    *,
    own: Alpha | None = None,
    spec: ListingSpec | None = None,
) -> Examined:
    """Find the best matte of one enhanced photo. Touches no row, no bucket; a confident photo is matted once.

    `own`, a cut-out that came with the file, is judged first, like any other; a network looks only where that is
    doubted. `spec` is how it will be published; None: as the House does.
    """
    examiner = _Examiner(rgb, product_class, view, policy, spec or listing_spec(), seconds={})
    if own is None:
        return _examine(examiner, matter)
    came = examiner.candidate(OWN_ALPHA, Matte(own, 0.0, 1.0), matter, earlier={})
    if is_well_matted(came):
        return Examined(came, (), examiner.seconds)
    made = _examine(examiner, matter)
    is_better = is_well_matted(came) or came.score.confidence > made.best.score.confidence
    best, other = (came, made.best) if is_better else (made.best, came)
    return replace(made, best=best, others=(_packed(other), *made.others))


def _examine(examiner: "_Examiner", matter: Matter) -> Examined:
    with timed(examiner.seconds, "matte"):
        scene = scene_of(examiner.rgb, examiner.product_class, examiner.spec.lens)
    matte, best, apart = _looked_at(examiner, scene, matter)
    others: list[Alternative] = []
    if not is_well_matted(best):
        doubted = ladder.Doubted(scene, matte, matter)
        for rung, attempt in ladder.RUNGS.items():
            with timed(examiner.seconds, rung):
                tried = attempt(doubted)
            if tried is None:
                continue
            another = examiner.candidate(rung, *tried, earlier=best.score.metrics)
            if _rescues(another, examiner.policy):
                rest = (*others, _packed(best))
                return Examined(another, rest, examiner.seconds, error_maps=matte.error_maps)
            others.append(_packed(another))
    return Examined(best, tuple(others), examiner.seconds, apart, matte.error_maps)


def _looked_at(examiner: "_Examiner", scene: Scene, matter: Matter) -> tuple[Matte, Candidate, Alpha | None]:
    """The matte of one look, or of two if the score isn't sure of it; how it is judged; how far the two are apart."""
    with timed(examiner.seconds, "matte"):
        first = look(scene, matter)
        matte = matte_of(scene, first)
    best = examiner.candidate(FIRST_LOOK, matte, matter, earlier={})
    if best.score.confidence >= examiner.policy.get("sure_from", 0) or "empty" in best.score.vetoes:
        return matte, best, None
    with timed(examiner.seconds, "second look"):
        other = look_in_mirror(scene, matter)
        more, apart = measure_second_look(matte, untold_matte_of(scene, other))
    if examiner.product_class == OF_BOTH_LOOKS:
        with timed(examiner.seconds, "second look"):
            matte = matte_of_both(scene, first, other)
        best = examiner.candidate(FIRST_LOOK, matte, matter, earlier=best.score.metrics)
    return matte, examiner.with_more(best, more), apart


def more_mattes(
    rgb: RGB,
    known: Known,
    matter: Matter,
    second_matter: Callable[[], Matter | None],
    product_class: ProductClass,
    view: View | None,
    policy: Policy,
    spec: ListingSpec,
) -> Iterator[Alternative]:
    """What else can be made of a photo for people to choose from; each is yielded as soon as it is made."""
    examiner = _Examiner(rgb, product_class, view, policy, spec, seconds={})
    scene = scene_of(rgb, product_class, spec.lens)
    doubted = ladder.Doubted(scene, Matte(known.alpha, 0.0, 1.0), matter, second_matter)
    tries = ((rung, attempt(doubted)) for rung, attempt in ladder.FOR_PEOPLE.items() if rung not in known.rungs)
    found = ((rung, tried) for rung, tried in tries if tried is not None)
    for rung, tried in islice(found, ladder.ENOUGH + 1 - len(known.rungs)):
        yield _packed(examiner.candidate(rung, *tried, earlier=known.metrics))


def examine_again(
    rgb: RGB, matte: Matte, product_class: ProductClass, view: View | None, policy: Policy, spec: ListingSpec
) -> tuple[Crop | None, Score, Verdict]:
    """Measure and judge a matte that a person made. Parameters as for `examine`; no model looks at it."""
    return _Examiner(rgb, product_class, view, policy, spec, seconds={}).found(matte, earlier={})


def is_well_matted(first: Candidate) -> bool:
    """Whether no better matte could help: the score is confident, and at most the name is wrong."""
    return first.score.confidence >= first.verdict.threshold and VIEW_VETOES.issuperset(first.score.vetoes)


def _rescues(candidate: Candidate, policy: Policy) -> bool:
    """Whether a rung's matte may take the first one's place: the more are tried, the surer the one has to be."""
    return bool(candidate.is_confident and candidate.score.confidence >= policy.get("rescue_threshold", NEVER))


@dataclass(frozen=True)
class _Examiner:
    """What stays the same from rung to rung."""

    rgb: RGB
    product_class: ProductClass
    view: View | None
    policy: Policy
    spec: ListingSpec
    seconds: Seconds

    def candidate(self, rung: str, matte: Matte, model: Matter, earlier: Mapping[str, float]) -> Candidate:
        """Look for the bridge, score and clean a matte; `earlier` are the first look's metrics, on a later one."""
        crop, result, verdict = self.found(matte, earlier)
        with timed(self.seconds, "clean"):
            alpha = refine.snap(matte.alpha)
            refine.drop_specks(alpha, out=alpha)
        return Candidate(rung, model.name, model.sha256, alpha, crop, result, verdict)

    def found(self, matte: Matte, earlier: Mapping[str, float]) -> tuple[Crop | None, Score, Verdict]:
        """The bridge, the score, and what the gate says of it."""
        crop_expected = has_half_glass(self.product_class, self.view, self.spec)
        with timed(self.seconds, "crop"):
            found = halfglass.find_crop(matte.alpha) if self.product_class == "eyewear" else None
            crop = found if crop_expected else None
        with timed(self.seconds, "score"):
            metrics = measure(
                self.rgb,
                matte,
                crop,
                crop_expected=crop_expected,
                product_class=self.product_class,
                view=self.view,
            )
            result, verdict = self._judged(metrics | self._looks(matte, found, earlier))
        return crop, result, verdict

    def with_more(self, candidate: Candidate, metrics: Mapping[str, float]) -> Candidate:
        """The same candidate, judged by further metrics too."""
        result, verdict = self._judged({**candidate.score.metrics, **metrics})
        return replace(candidate, score=result, verdict=verdict)

    def _judged(self, metrics: Mapping[str, float]) -> tuple[Score, Verdict]:
        crop_expected = has_half_glass(self.product_class, self.view, self.spec)
        result = score(metrics, self.policy, crop_expected=crop_expected)
        return result, judge(result, self.policy, self.product_class, self.view)

    def _looks(self, matte: Matte, found: Crop | None, earlier: Mapping[str, float]) -> dict[str, float]:
        """Once a view was seen it stays seen: a rung that loses a lens would be silent about it."""
        if self.product_class != "eyewear":
            return {}
        alpha = shrink(matte.alpha, MEASURED_SIZE)
        looks = measure_view(seen_view(alpha, found), self.view)
        looks["several"] = float(has_several(alpha))
        return looks | {name: max(looks[name], earlier.get(name, 0)) for name in LOOKS}


def _packed(candidate: Candidate) -> Alternative:
    is_partial = not LOST_PARTS.isdisjoint(candidate.score.reasons)
    return Alternative(candidate.rung, candidate.score.confidence, is_partial, encode_alpha(candidate.alpha))


@contextmanager
def timed(seconds: Seconds, stage: str) -> Iterator[None]:
    """Add to the seconds of a stage."""
    start = time.perf_counter()
    with bound_contextvars(stage=stage):
        yield
    seconds[stage] = round(seconds.get(stage, 0) + time.perf_counter() - start, 4)

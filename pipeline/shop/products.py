"""Products: all photos of one code, in whichever batches, as far as somebody sees those."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from django.contrib.auth.models import User
from django.db.models import BigIntegerField, BooleanField, Case, Exists, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from pipeline import reshoots, sharing
from pipeline.imaging.pictures.renditions import HALF_GLASS
from pipeline.imaging.types import View
from pipeline.listing_spec import files_of
from pipeline.models import Frame, Rendering, Rendition, Spec, Transition
from pipeline.shop import files
from pipeline.states import GONE, UNFINISHED, State

WAITING = UNFINISHED | {State.EXCEPTION}
"""Somebody or something still has to do with such a photo, and it may come into the shop."""
VIEWS: tuple[View, ...] = get_args(View)
AT_ONCE = 500
"""Products that are read together where all of them are."""


@dataclass(frozen=True)
class ViewShown:
    """One view: what the shop shows of it, or else its latest photo; and a newer one, if that came since."""

    view: View
    frame: Any
    newer: Frame | None
    files: Sequence[Rendition]
    expected: int

    @property
    def smallest(self) -> Rendition | None:
        """Of the files that show the whole product: its picture where what they were made of is deleted."""
        whole = (file for file in self.files if file.variant != HALF_GLASS)
        return min(whole, key=lambda file: file.size, default=None)


@dataclass(frozen=True)
class Product:
    code: str
    views: Sequence[ViewShown]
    waiting: int
    to_reshoot: int

    @property
    def files(self) -> list[Rendition]:
        return [file for shown in self.views for file in shown.files]

    @property
    def files_expected(self) -> int:
        return sum(shown.expected for shown in self.views)

    @property
    def views_in_shop(self) -> int:
        return sum(bool(shown.files) for shown in self.views)

    @property
    def is_complete(self) -> bool:
        return len(self.files) >= self.files_expected and self.views_in_shop == len(self.views)

    @property
    def first(self) -> ViewShown:
        """Which view stands for the product: the first that has a photo, in the shop if there is one."""
        with_photo = [shown for shown in self.views if shown.frame]
        return next((shown for shown in with_photo if shown.files), with_photo[0])


def _in_shop(frames: QuerySet[Frame], user: User) -> QuerySet[Any]:
    return frames.filter(state=State.PUBLISHED).distinct()


def _complete(frames: QuerySet[Frame], user: User) -> QuerySet[Any]:
    """Asked code by code, so that a page of them is found without a look at all that is published."""
    in_shop = frames.filter(state=State.PUBLISHED)
    first, *others = (in_shop.filter(view=view) for view in VIEWS)
    same = Q(code=OuterRef("code"))
    for other in others:
        first = first.filter(Exists(other.filter(same)))
    # Not an anti-join: for that PostgreSQL looks at all angled views there are.
    lacks = When(Exists(_without_half_glass(in_shop).filter(same)), then=False)
    return first.filter(Case(lacks, default=True, output_field=BooleanField())).distinct()


def _without_half_glass(in_shop: QuerySet[Frame]) -> QuerySet[Frame]:
    """Approved although no bridge was found, under a spec that wants a half-glass picture."""
    without = [spec.pk for spec in Spec.objects.all() if not spec.listing_spec.formats.get(HALF_GLASS)]
    last = Rendering.objects.filter(frame=OuterRef("pk"), state=Rendering.State.DONE).order_by("-pk").values("spec")[:1]
    angled = in_shop.filter(product_class="eyewear", view="angle")  # has_half_glass()
    made_by = Coalesce(Subquery(last), "batch__spec_id", 0, output_field=BigIntegerField())
    wanted = angled.alias(made_by=made_by).exclude(made_by__in=without)
    return wanted.exclude(Exists(Rendition.objects.filter(frame=OuterRef("pk"), variant=HALF_GLASS)))


def _waiting(frames: QuerySet[Frame], user: User) -> QuerySet[Any]:
    return frames.filter(pk__in=Frame.objects.filter(state__in=WAITING).values("pk")).distinct()  # few of very many


def _to_reshoot(frames: QuerySet[Frame], user: User) -> QuerySet[Any]:
    return frames.filter(pk__in=reshoots.open_for(user).order_by().values("frame")).distinct()


FILTERS: dict[str, Callable[[QuerySet[Frame], User], QuerySet[Any]]] = {
    "shop": _in_shop,
    "complete": _complete,
    "waiting": _waiting,
    "reshoot": _to_reshoot,
}


def codes(user: User, *, begins: str = "", only: str = "") -> QuerySet[Any, str]:
    """Of the products that somebody sees photos of, in order; `only`: of FILTERS."""
    frames = _seen(user)
    if begins:
        frames = frames.filter(code__startswith=begins.upper())
    found = FILTERS[only](frames, user) if only else frames.distinct()
    return found.order_by("code").values_list("code", flat=True)


def of(user: User, wanted: Sequence[str]) -> list[Product]:
    """These products, as far as there are such; as many queries for one as for all."""
    photos: dict[str, list[Any]] = defaultdict(list)
    frames = (
        _seen(user)
        .filter(code__in=wanted)
        .select_related("batch__spec")
        .prefetch_related("renditions", "renderings__spec")
    )
    for frame in frames.annotate(card_attempt=Max("scorecards__attempt")).order_by("-pk"):
        photos[frame.code].append(frame)
    asked = reshoots.open_for(user).filter(frame__code__in=wanted).order_by()
    to_reshoot = list(asked.values_list("frame__code", flat=True))
    return [_product(code, photos[code], to_reshoot.count(code)) for code in wanted if code in photos]


def each(user: User, wanted: Sequence[str]) -> Iterator[Product]:
    """These, some at a time: they may be many."""
    for start in range(0, len(wanted), AT_ONCE):
        yield from of(user, wanted[start : start + AT_ONCE])


def history(user: User, code: str) -> QuerySet[Transition]:
    """Every move of its photos, the newest first; of those that were removed too."""
    frames = sharing.frames_for(user).filter(code=code)
    return Transition.objects.filter(frame__in=frames).select_related("frame").order_by("-at", "-pk")


def _seen(user: User) -> QuerySet[Frame]:
    return sharing.frames_for(user).exclude(state=State.REMOVED)


def _product(code: str, photos: Sequence[Any], to_reshoot: int) -> Product:
    """Of its photos, the newest first."""
    views = [_shown(view, [photo for photo in photos if photo.view == view], photos[0]) for view in VIEWS]
    return Product(code, views, sum(photo.state in WAITING for photo in photos), to_reshoot)


def _shown(view: View, photos: Sequence[Any], latest: Frame) -> ViewShown:
    """What is expected of a view without a photo is told by the product's latest one."""
    frame = min(photos, key=_rank, default=None)
    newer = (photo for photo in photos if frame and photo.pk > frame.pk and photo.state not in GONE)
    like = frame or latest
    expected = files_of(like.listing_spec, like.product_class, view)
    return ViewShown(view, frame, next(newer, None), files.of(frame) if frame else [], expected)


def _rank(frame: Frame) -> tuple[bool, bool, int]:
    return frame.state != State.PUBLISHED, frame.state in GONE, -frame.pk

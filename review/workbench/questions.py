"""What the workbench's scripts may say in each of their questions."""

from typing import Any, get_args

from django import forms
from django.core.exceptions import ValidationError

from config.asked import Number, Text, Whole, Wholes
from pipeline.imaging.matte.painting import PaintError, Stroke
from pipeline.imaging.types import ProductClass, View
from review.queue.decisions import DECISIONS
from review.queue.renames import MOST_TOLD

MOST_HELD, MOST_STROKES, LONGEST_REMARK, LONGEST_PAGE = 10, 2000, 500, 40


class Strokes(forms.Field):
    """What was painted, in order."""

    def to_python(self, value: Any) -> tuple[Stroke, ...]:
        strokes = value or []
        if not isinstance(strokes, list) or len(strokes) > MOST_STROKES:
            raise ValidationError(f"expected a list of at most {MOST_STROKES} strokes: save what you have, then go on")
        try:
            return tuple(map(Stroke.from_mapping, strokes))
        except PaintError as error:
            raise ValidationError(str(error)) from error


class Mark(forms.Field):
    """A place of the photo: a pin [x, y], a box [x0, y0, x1, y1], or none."""

    def to_python(self, value: Any) -> list[float]:
        shares = value or []
        if not isinstance(shares, list) or len(shares) not in (0, 2, 4) or not all(map(_is_share, shares)):
            raise ValidationError("expected a pin as [x, y], or a box as [x0, y0, x1, y1], each from 0 to 1")
        if len(shares) == 4 and (shares[0] > shares[2] or shares[1] > shares[3]):
            raise ValidationError("expected a box from its upper left to its lower right corner")
        return [round(float(share), 4) for share in shares]


class Remark(Text):
    """Somebody's own words, without the blanks around them."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value).strip()


class Nothing(forms.Form):
    """A question that the address asks alone."""


class OfPage(forms.Form):
    """Which of somebody's open pages asks."""

    page = Text(required=False, longest=LONGEST_PAGE)


class Opened(OfPage):
    here = forms.BooleanField(required=False, help_text="though another of their pages has it")
    after = Text(required=False, longest=LONGEST_PAGE, help_text="the page that this one takes the place of")


class Held(OfPage):
    held = Wholes(most=MOST_HELD, required=False, help_text="what is shown, or being decided")
    ahead = Wholes(most=MOST_HELD, required=False, help_text="what was fetched ahead")


class Following(OfPage):
    held = Wholes(most=MOST_HELD, required=False)
    beside = Wholes(most=MOST_HELD, required=False, help_text="what isn't to be offered")
    is_ahead = forms.BooleanField(required=False)
    after = Text(required=False, longest=LONGEST_PAGE)


class Left(forms.Form):
    page = Text(longest=LONGEST_PAGE)


class Decided(forms.Form):
    kind = Text(choices=DECISIONS)
    version = Whole()
    why = Text(required=False)
    remark = Remark(required=False, longest=LONGEST_REMARK)
    mark = Mark(required=False)
    bridge_x = Number(required=False)


class Renamed(forms.Form):
    version = Whole()
    code = Text(required=False)
    view = Text(choices=get_args(View))
    product_class = Text(choices=get_args(ProductClass))
    despite = Wholes(most=MOST_TOLD, required=False)


class Edited(forms.Form):
    version = Whole()
    rung = Text(required=False)
    strokes = Strokes(required=False)


class Clicked(forms.Form):
    rung = Text(required=False)
    strokes = Strokes()


class Shown(forms.Form):
    bridge_x = Number(required=False)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1

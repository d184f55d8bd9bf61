"""What the workbench's scripts may say in each of their questions."""

from typing import Any, get_args

from django import forms
from django.core.exceptions import ValidationError

from config.asked import Number, Text, Whole, Wholes
from pipeline.imaging.matte.painting import PaintError, Stroke
from pipeline.imaging.types import ProductClass, View
from review.queue.decisions import DECISIONS
from review.queue.renames import MOST_TOLD

MOST_HELD, MOST_STROKES = 10, 2000


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


class Nothing(forms.Form):
    """A question that the address asks alone."""


class Held(forms.Form):
    held = Wholes(most=MOST_HELD, required=False)


class Decided(forms.Form):
    kind = Text(choices=DECISIONS)
    version = Whole()
    why = Text(required=False)
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

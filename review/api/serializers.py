"""What the API says of the queue, of decisions and of figures, and what may be said to it."""

from typing import Any, get_args

from rest_framework import serializers

from pipeline.api.serializers import LARGEST, Reason
from pipeline.imaging.types import ProductClass, View
from review.insights.scope import PERIODS
from review.models import Decision
from review.queue.decisions import DECISIONS, RESHOOT_REASONS
from review.workbench.questions import LONGEST_REMARK


class ExceptionSerializer(serializers.Serializer[Any]):
    """A frame in the queue: all that speaks of the picture, and nothing that speaks of the verdict."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(help_text="A decision says which version it is about.")
    batch = serializers.IntegerField(source="batch_id")
    filename = serializers.CharField()
    code = serializers.CharField()
    view = serializers.CharField()
    product_class = serializers.ChoiceField(get_args(ProductClass))
    waiting_since = serializers.DateTimeField(source="state_since")
    reasons = Reason(many=True)
    can_approve = serializers.BooleanField()


class Bridge(serializers.Serializer[Any]):
    x = serializers.FloatField(allow_null=True, help_text="In pixels of the photo.")
    first = serializers.FloatField()
    last = serializers.FloatField()


class ExceptionDetail(ExceptionSerializer):
    bridge = Bridge(allow_null=True, help_text="Of one with half-glass files: where they part, and where they may.")
    pictures = serializers.DictField(
        child=serializers.CharField(), help_text="Links that need no token: the photo, and its cut-out."
    )
    holder = serializers.CharField(allow_blank=True, help_text="Who looks at it now.")


class NewDecision(serializers.Serializer[Any]):
    """For the description alone: what is said is read by the workbench's own form."""

    kind = serializers.ChoiceField(list(DECISIONS))
    version = serializers.IntegerField(min_value=0, max_value=LARGEST, help_text="As the exception told it.")
    why = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text=f"Of a photo to retake: {', '.join(RESHOOT_REASONS)}",
    )
    remark = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_REMARK)
    mark = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1),
        required=False,
        help_text="A pin [x, y] or a box [x0, y0, x1, y1] on the photo, in shares of its size.",
    )
    bridge_x = serializers.FloatField(required=False, allow_null=True, help_text="Where the bridge is, in pixels.")


class Said(serializers.Serializer[Any]):
    frame = serializers.IntegerField()
    said = serializers.CharField()


class TakenBack(serializers.Serializer[Any]):
    frames = serializers.ListField(child=serializers.IntegerField())


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """Never on which occasion: who decides isn't to know."""

    is_taken_back = serializers.BooleanField()

    class Meta:
        model = Decision
        fields = ("id", "frame", "kind", "why", "at", "is_taken_back")


class InsightsQuery(serializers.Serializer[Any]):
    period = serializers.ChoiceField(list(PERIODS), required=False)
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    product_class = serializers.ChoiceField(get_args(ProductClass), required=False)
    view = serializers.ChoiceField(get_args(View), required=False)
    batch = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    uploader = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST)


class Headline(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.CharField()
    detail = serializers.CharField()


class Table(serializers.Serializer[Any]):
    name = serializers.CharField()
    heading = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField(allow_blank=True))
    rows = serializers.ListField(child=serializers.ListField(), help_text="Shares as 0–1, times in seconds.")
    note = serializers.CharField(allow_blank=True)


class Insights(serializers.Serializer[Any]):
    first = serializers.DateField()
    last = serializers.DateField()
    headlines = Headline(many=True)
    tables = Table(many=True)

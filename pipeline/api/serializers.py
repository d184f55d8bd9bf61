"""What the API says of batches, photos, frames and finished files, and what may be said to it."""

from typing import Any, get_args

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pipeline import rivals
from pipeline.engines import object_store
from pipeline.imaging.types import ProductClass, View
from pipeline.intake import KEEP_DAYS, KNOWN, MAX_BATCH_NAME, MAX_FILENAME
from pipeline.listing_spec import HOUSE
from pipeline.models import Frame, Rendition, Scorecard
from pipeline.states import Segment, State
from pipeline.words import SEGMENT_WORDS, STATE_WORDS, in_words

TOLD_REASONS = frozenset({State.EXCEPTION, State.UNREADABLE})
"""Where the pages tell why."""
LARGEST = 2**63 - 1


class NewBatch(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=MAX_BATCH_NAME)
    product_class = serializers.ChoiceField(get_args(ProductClass), default="eyewear")
    enhancement = serializers.ChoiceField(KNOWN["enhancement"], default="local")
    lane = serializers.ChoiceField(KNOWN["lane"], default="standard")
    spec = serializers.CharField(
        max_length=100, default=HOUSE, help_text="The listing spec that files are made by, of those that are offered."
    )
    keep_days = serializers.ChoiceField(
        KEEP_DAYS,
        default=None,
        allow_null=True,
        help_text="Days that its pictures are kept; null: as usual here.",
    )


class Place(serializers.Serializer[Any]):
    ahead = serializers.IntegerField(help_text="Photos of other batches that come before this one's first.")
    seconds = serializers.FloatField(allow_null=True, help_text="Until its last one is through, if that is known.")


class Progress(serializers.Serializer[Any]):
    """How many photos are how far."""

    def get_fields(self) -> dict[str, Any]:
        return {
            segment.value: serializers.IntegerField(help_text=SEGMENT_WORDS[segment].capitalize())
            for segment in Segment
        }


class BatchTold(serializers.Serializer[Any]):
    """A batch, and what `how_far` tells of it."""

    id = serializers.IntegerField(source="batch.pk")
    name = serializers.CharField(source="batch.name")
    product_class = serializers.ChoiceField(get_args(ProductClass), source="batch.product_class")
    enhancement = serializers.ChoiceField(KNOWN["enhancement"], source="batch.enhancement")
    lane = serializers.ChoiceField(KNOWN["lane"], source="batch.lane")
    spec = serializers.CharField(source="batch.spec_name", help_text="The listing spec that its files are made by.")
    created_by = serializers.CharField(
        source="batch.created_by.username", allow_null=True, help_text="None: a command took it in."
    )
    created_at = serializers.SerializerMethodField()
    photos = serializers.IntegerField(source="tally.total")
    progress = Progress(source="tally.counts")
    is_moving = serializers.BooleanField(
        source="tally.is_moving", help_text="Whether the machine has still something to do; people may have."
    )
    place = Place(allow_null=True, help_text="In line; none when no photo of it waits for a worker.")

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_created_at(self, told: dict[str, Any]) -> str:
        return told["batch"].created_at.isoformat()


class Meant(serializers.Serializer[Any]):
    meant = serializers.ListField(
        child=serializers.ChoiceField(get_args(rivals.Meaning)),
        required=False,
        help_text="The answer to what a receipt with the outcome `held` asked; one of its choices.",
    )
    about = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST),
        required=False,
        help_text="The frames that the question was about.",
    )


class NewPhotos(Meant):
    photos = serializers.ListField(
        child=serializers.FileField(),
        min_length=1,
        help_text="Named `{CODE}_{VIEW}.ext`, such as AURA1000_2.jpg. JPEG, PNG, WebP, TIFF, AVIF, HEIC or DNG.",
    )


class NewUpload(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=MAX_FILENAME, help_text="`{CODE}_{VIEW}.ext`, such as AURA1000_2.jpg.")
    size = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text="In bytes.")


class Part(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    size = serializers.IntegerField(help_text="So many bytes of the file go to this link, no more and no fewer.")
    url = serializers.CharField(help_text="PUT them here; it needs no token.")


class UploadTold(serializers.Serializer[Any]):
    id = serializers.CharField()
    batch = serializers.IntegerField()
    parts = Part(many=True)
    expires_in = serializers.IntegerField(help_text="Seconds that the links are good for; ask again for others.")


class Choice(serializers.Serializer[Any]):
    meant = serializers.ChoiceField(get_args(rivals.Meaning))
    words = serializers.CharField()


class Receipt(serializers.Serializer[Any]):
    name = serializers.CharField(allow_blank=True)
    outcome = serializers.ChoiceField(["taken", "duplicate", "held", "rejected", "skipped", "failed"])
    words = serializers.CharField(allow_blank=True, help_text="Why, if it was not simply taken.")
    frame = serializers.IntegerField(required=False, help_text="Of one that was taken, or is there already.")
    choices = Choice(many=True, required=False, help_text="Of one that is held until its sender says which is meant.")
    otherwise = serializers.CharField(required=False)
    about = serializers.ListField(child=serializers.IntegerField(), required=False)


class Receipts(serializers.Serializer[Any]):
    batch = serializers.IntegerField()
    receipts = Receipt(many=True)


class Reason(serializers.Serializer[Any]):
    code = serializers.CharField(allow_blank=True)
    words = serializers.CharField()


class RejectionTold(serializers.Serializer[Any]):
    needs_photo = serializers.BooleanField(help_text="A new photo is wanted; else only its cut-out was no good.")
    why = serializers.CharField(allow_blank=True)
    remark = serializers.CharField(allow_blank=True)


class FrameSerializer(serializers.ModelSerializer[Any]):
    state = serializers.ChoiceField(list(STATE_WORDS))
    state_words = serializers.CharField()
    segment = serializers.ChoiceField([segment.value for segment in Segment])
    product_class = serializers.ChoiceField(get_args(ProductClass))
    view = serializers.CharField()
    reasons = serializers.SerializerMethodField(help_text="Why it waits for somebody, in words.")
    rejection = serializers.SerializerMethodField(help_text="What an operator told of a photo that is rejected.")

    class Meta:
        model = Frame
        fields: tuple[str, ...] = (
            *("id", "batch", "filename", "code", "view", "product_class", "state", "state_words", "segment"),
            *("reasons", "rejection", "received_at", "state_since", "published_at"),
        )

    @extend_schema_field(Reason(many=True))
    def get_reasons(self, frame: Frame) -> Any:
        return reasons_of(frame) if frame.state in TOLD_REASONS else []

    @extend_schema_field(RejectionTold(allow_null=True))
    def get_rejection(self, frame: Frame) -> Any:
        asked = getattr(frame, "rejection", None) if frame.state == State.REJECTED else None
        return RejectionTold(asked).data if asked else None


def reasons_of(frame: Frame, doubts: list[str] | None = None) -> Any:
    """As the pages have them: never what the gate decided. Its doubts, if they are known, aren't asked for again."""
    if frame.cause:
        return [{"code": "", "words": frame.cause}]
    return [{"code": code, "words": in_words(code)} for code in (frame.doubts if doubts is None else doubts)]


class ScorecardSerializer(serializers.ModelSerializer[Scorecard]):
    components = serializers.DictField(child=serializers.FloatField())
    metrics = serializers.DictField(child=serializers.FloatField(allow_null=True))

    class Meta:
        model = Scorecard
        fields = (
            *("attempt", "width", "height", "rung", "confidence", "threshold", "publish", "components", "metrics"),
            *("reason_words", "model_name", "model_sha256", "enhancer", "scorer_version", "created_at"),
        )

    reason_words = serializers.ListField(child=serializers.CharField())


class FrameDetail(FrameSerializer):
    scorecard = serializers.SerializerMethodField(help_text="For those who may see verdicts; else none.")

    class Meta(FrameSerializer.Meta):
        fields = (*FrameSerializer.Meta.fields, "scorecard")

    @extend_schema_field(ScorecardSerializer(allow_null=True))
    def get_scorecard(self, frame: Frame) -> Any:
        user: User = self.context["request"].user
        card = frame.card if user.has_perm("pipeline.see_verdict") else None
        return ScorecardSerializer(card).data if card else None


class RenditionSerializer(serializers.ModelSerializer[Rendition]):
    file_name = serializers.SerializerMethodField(
        help_text="What it is called where it is handed on: see its listing spec."
    )
    content_type = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="A link that needs no token, for as long as `expires_in` says.")
    expires_in = serializers.SerializerMethodField(help_text="Seconds.")

    class Meta:
        model = Rendition
        fields: tuple[str, ...] = ("frame", "name", "file_name", "variant", "content_type", "size", "width", "height")
        fields += ("sha256", "url", "expires_in")

    def get_file_name(self, file: Rendition) -> str:
        called: str = self.context["file_names"][file.pk]
        return called

    def get_content_type(self, file: Rendition) -> str:
        return object_store.CONTENT_TYPES[file.extension]

    def get_url(self, file: Rendition) -> str:
        disposition = content_disposition_header(False, self.get_file_name(file)) or "inline"
        return object_store.link("published", file.key, ResponseContentDisposition=disposition)

    def get_expires_in(self, file: Rendition) -> int:
        return settings.API_LINK_SECONDS


class Renditions(serializers.Serializer[Any]):
    renditions = RenditionSerializer(many=True)


class FrameQuery(serializers.Serializer[Any]):
    batch = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    code = serializers.CharField(required=False, max_length=64)
    view = serializers.ChoiceField(get_args(View), required=False)
    state = serializers.ChoiceField(list(STATE_WORDS), required=False)
    segment = serializers.ChoiceField([segment.value for segment in Segment], required=False)

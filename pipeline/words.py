"""What states, segments, reasons, rungs and doubts are called on pages: plain words, one each."""

from pipeline.states import (
    ANSWERED,
    BY_HAND,
    FIRST_LOOK,
    MENDED,
    ONCE_MORE,
    OWN_ALPHA,
    RENAMED,
    SENT_BACK,
    TURNED_DOWN,
    Enhancement,
    Segment,
    State,
)

STATE_WORDS: dict[str, str] = {
    State.RECEIVED: "waiting in line",
    State.ENHANCING: "with Gemini",
    State.PROCESSING: "being worked on",
    State.EXCEPTION: "waiting for review",
    State.APPROVED: "approved",
    State.PUBLISHING: "being published",
    State.PUBLISHED: "published",
    State.REJECTED: "rejected",
    State.UNREADABLE: "unreadable",
    State.WITHDRAWING: "being withdrawn",
    State.WITHDRAWN: "withdrawn",
    State.SUPERSEDED: "replaced by a newer photo",
    State.REMOVED: "removed",
    State.PURGED: "pictures deleted",
}

# How a photo's light and colour are mended: the uploader's choice.
ENHANCEMENT_WORDS: dict[Enhancement, str] = {"local": "Here", "gemini": "By Gemini"}

SEGMENT_WORDS: dict[str, str] = {
    Segment.PUBLISHED: "published",
    Segment.REVIEW: "waiting for review",
    Segment.REJECTED: "rejected",
    Segment.UNREADABLE: "unreadable",
    Segment.WORKING: "being worked on",
    Segment.IN_LINE: "waiting in line",
    Segment.GONE: "replaced, withdrawn or deleted",
}


# Of a photo that came in a rejected one's place: what follows "the retake".
RETAKE_WORDS: dict[str, str] = {
    State.RECEIVED: "is waiting for its turn",
    State.ENHANCING: "is being worked on",
    State.PROCESSING: "is being worked on",
    State.EXCEPTION: "is waiting for review",
    State.APPROVED: "is approved",
    State.PUBLISHING: "is being published",
    State.PUBLISHED: "is published",
    State.WITHDRAWING: "is being withdrawn",
    State.WITHDRAWN: "was published, and is withdrawn",
    State.SUPERSEDED: "was replaced by a newer photo",
    State.PURGED: "came, and its pictures are deleted",
}


REASON_WORDS: dict[str, str] = {
    # vetoes
    "empty": "nothing found in the photo",
    "touches-border": "product is cut off by the edge of the photo",
    "no-bridge": "no bridge found: one lens, a lens that is lost, or no gap between two",
    "looks-front": "the view does not match the name: this looks like a front view",
    "looks-angle": "the view does not match the name: this looks like an angled view",
    "looks-side": "the view does not match the name: this looks like a side view",
    "several-products": "more than one product in the photo",
    # doubtful components of the score
    "soft-edge": "matte undecided: many half-transparent places",
    "wide-band": "edge softer than usual",
    "edge-not-in-photo": "outline does not follow an edge in the photo",
    "torn": "a part is cut off, or a second object is kept",
    "haze": "faint remains around the product: haze, shadow or a lost part",
    "left-out": "something that stands out of the backdrop was left out: a lost part?",
    "overruled": "model and backdrop do not agree on what the product is",
    "not-catalogue": "not a catalogue photo: the product stands in a scene or on a patterned ground",
    "see-through": "half-transparent places inside the product",
    "weak-prediction": "the model was not certain of anything",
    "outline-gap": "a stretch of the outline has no edge in the photo",
    "faint-outline": "hardly any contrast along parts of the outline",
    "pieces": "in more pieces than usual",
    "eaten": "small holes in the product",
    "frayed": "frayed edges or loose threads",
    "fading": "thin parts fade out",
    "fading-stretch": "a long thin part fades out",
    "half-gone": "a part is half gone",
    "halo": "a rim of backdrop along the edge, or an edge cut into",
    "like-backdrop": "product and backdrop have nearly the same colour",
    "backdrop-kept": "places with the colour of the backdrop were kept",
    "stray": "something else lies around the product",
    "odd-shape": "unusual shape for this view",
    "asymmetrical": "the two sides of a front view differ",
    "view-unclear": "no clear front, angled or side view: folded, lying, or seen from above?",
    "blurred": "out of focus",
    "burnt-out": "burnt-out highlights on the product",
    "second-look": "a second look saw it differently",
    "second-look-place": "a second look saw one place differently",
    "likely-missing": "a part of the product was likely lost",
    "likely-thin": "a part of the product was likely made half-transparent",
    "likely-extra": "something beside the product was likely kept: a cushion, a reflection or a shadow?",
    "likely-halo": "the outline likely lies beside the product's edge",
    "bridge-unsure": "bridge position uncertain",
    # verdicts
    "low-confidence": "doubtful overall, no single cause",
    "held-all": "the policy sends every frame to review",
    # failures
    "not-decodable": "the file could not be read",
    "original-missing": "the upload broke off before the photo was stored",
    "program-fault": "a fault in the program stopped this photo",
    "attempts-spent": "processing failed again and again",
    "publishing-failed": "the files could not be stored",
    "empty-picture": "a picture would be empty",
    "unlike-front": "other colours than the product's front view: were two products mixed up?",
    "unlike-angle": "other colours than the product's angled view: were two products mixed up?",
    "unlike-side": "other colours than the product's side view: were two products mixed up?",
    "off-spec": "a finished file doesn't match the listing spec",
    RENAMED: "it had a wrong name",
    MENDED: "somebody mended it",
    ONCE_MORE: "somebody had it cut out once more",
    TURNED_DOWN: "somebody rejected it",
    SENT_BACK: "somebody looked at it before, and sent it back",
}


RUNG_WORDS: dict[str, str] = {
    OWN_ALPHA: "the cut-out that came with the file",
    FIRST_LOOK: "first look",
    "closer": "closer look",
    "relit": "weak contrasts raised",
    "difference": "all that differs from the backdrop",
    "second-model": "second model",
    BY_HAND: "worked over by hand",
}


# What a person chose among them, after "with".
CUTOUT_WORDS: dict[str, str] = {
    OWN_ALPHA: "the cut-out that came with the file",
    FIRST_LOOK: "the first look's cut-out",
    "closer": "the closer look's cut-out",
    "relit": "the cut-out from raised contrasts",
    "difference": "the cut-out of all that differs from the backdrop",
    "second-model": "the second model's cut-out",
}


# Why a bridge that was found isn't trusted.
BRIDGE_DOUBT_WORDS: dict[str, str] = {
    "estimates-disagree": "the valley of the profile and the gap between the lenses are not in the same place",
    "older-finder": "an older version of the finder was not sure of it",
    "lenses-unlike": "what stands left and right of it doesn't look like two lenses of one pair",
}


GEMINI_WORDS: dict[str, str] = {
    ANSWERED: "Gemini's picture came",
    # why the local enhancer served instead
    "blocked": "Gemini refused the photo",
    "safety": "Gemini held its picture back",
    "text-only": "Gemini answered without a picture",
    "unreadable": "Gemini's picture could not be read",
    "failed": "Gemini failed again and again",
    "refused": "Gemini refuses everything: an admin has to check its key and model",
    "no-answer": "Gemini's answer never came; it isn't asked twice, since it may have been paid for",
    "lost": "Gemini's picture could not be kept",
    "unmatched": "the answers of Gemini's Batch job could not be told apart",
    "late": "Gemini's Batch job was given up",
    "out-of-time": "Gemini was busy for too long",
    "budget-spent": "this month's budget for Gemini is spent",
    "switched-off": "there is no key for Gemini any more",
    "no-photo": "the photo could not be read, so Gemini wasn't asked",
    "nothing-found": "nothing was found in the photo that Gemini's picture could be compared with",
    "geometry-changed": "Gemini changed the product's shape",
    "outline-changed": "Gemini changed the product's outline",
    "detail-changed": "Gemini changed a detail of the product",
    "colour-changed": "Gemini changed the product's colour",
}


def in_words(reason: str) -> str:
    """
    >>> in_words("not-decodable")
    'the file could not be read'
    """
    return REASON_WORDS[reason]

"""Rows. State is moved by transitions.advance() only; scorecards, policies and transitions are never rewritten."""

from pipeline.models.base import Immutable
from pipeline.models.frames import Batch, Frame, Rendering, TakeOver, Transition
from pipeline.models.gemini import GeminiCall, GeminiJob
from pipeline.models.handwork import BridgeLabel, Override, Rejection
from pipeline.models.listings import Listing, Rendition
from pipeline.models.policies import GatePolicy, active_policy
from pipeline.models.scorecards import LaterMatte, Scorecard, ShadowVerdict
from pipeline.models.specs import Spec
from pipeline.models.verifications import Verification
from pipeline.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "Batch",
    "BridgeLabel",
    "Frame",
    "GatePolicy",
    "GeminiCall",
    "GeminiJob",
    "Immutable",
    "LaterMatte",
    "Listing",
    "Override",
    "Rejection",
    "Rendering",
    "Rendition",
    "Scorecard",
    "ShadowVerdict",
    "Spec",
    "TakeOver",
    "Transition",
    "Verification",
    "WebhookDelivery",
    "WebhookEndpoint",
    "active_policy",
]

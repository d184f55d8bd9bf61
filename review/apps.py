from django.apps import AppConfig
from django.db.models.signals import post_save


class ReviewConfig(AppConfig):
    name = "review"

    def ready(self) -> None:
        from pipeline.models import Scorecard
        from review.policy import lapses

        post_save.connect(lapses.watch, sender=Scorecard, dispatch_uid="review.lapses")

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PipelineConfig(AppConfig):
    name = "pipeline"

    def ready(self) -> None:
        from pipeline import checks  # noqa: F401 - registers the system checks
        from pipeline.policies import shipped

        post_migrate.connect(shipped.sync_specs, sender=self, dispatch_uid="pipeline.policies.shipped.sync_specs")
        post_migrate.connect(shipped.sync, sender=self, dispatch_uid="pipeline.policies.shipped.sync")

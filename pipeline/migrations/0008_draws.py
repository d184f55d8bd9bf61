from django.conf import settings
from django.db import migrations

from pipeline.marks import draw


def draw_all(apps, schema_editor):
    """Frames from before the marks, so that a reprocess doesn't treat them differently."""
    frames = apps.get_model("pipeline", "Frame").objects
    for frame in frames.only("pk", "sha256").iterator():
        frames.filter(pk=frame.pk).update(draw=draw(frame.sha256, settings.AUDIT_KEY))


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0007_audits")]
    operations = [migrations.RunPython(draw_all, migrations.RunPython.noop)]

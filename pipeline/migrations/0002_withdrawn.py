from django.db import migrations

OLD, NEW = "recalled", "withdrawn"


def rename(old, new):
    """The reason of a frame whose files were taken back is called like its state."""

    def run(apps, schema_editor):
        frames = apps.get_model("pipeline", "Frame").objects.using(schema_editor.connection.alias)
        for frame in frames.filter(reasons__icontains=f'"{old}"').only("pk", "reasons"):
            reasons = [new if reason == old else reason for reason in frame.reasons]
            frames.filter(pk=frame.pk).update(reasons=reasons)

    return run


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0001_squashed")]
    operations = [migrations.RunPython(rename(OLD, NEW), rename(NEW, OLD))]

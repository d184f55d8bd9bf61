from django.db import migrations

KINDS = ("reject", "discard")


def reason(told):
    return "" if told.why == "something else" else told.why


def keep_what_was_told(apps, schema_editor):
    """Of what is rejected now, the last decision that stands: who took the photo reads it on the batch's page."""
    alias = schema_editor.connection.alias
    Decision, Rejection = apps.get_model("review", "Decision"), apps.get_model("pipeline", "Rejection")
    said = Decision.objects.using(alias).filter(kind__in=KINDS, undone_by=None, frame__state="rejected").order_by("id")
    last = {decision.frame_id: decision for decision in said.iterator()}
    Rejection.objects.using(alias).bulk_create(
        (
            Rejection(frame_id=frame, needs_photo=told.kind == "reject", why=reason(told), by=told.by, at=told.at)
            for frame, told in last.items()
        ),
        batch_size=500,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("review", "0005_asked_looks"), ("pipeline", "0006_rejections")]
    operations = [migrations.RunPython(keep_what_was_told, migrations.RunPython.noop)]

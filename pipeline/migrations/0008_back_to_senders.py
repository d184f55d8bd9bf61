from django.db import migrations
from django.db.models import F, Q

IS_UNREADABLE = Q(reasons__icontains='"not-decodable"') | Q(reasons__icontains='"original-missing"')


def send_back(apps, schema_editor):
    """What could not be read waited for operators, who can't help; now for who sent it. Nobody reviewed it."""
    fields = {"was_exception": False, "has_failed": False, "processed_at": None}
    _move(apps, schema_editor, "exception", "unreadable", IS_UNREADABLE, **fields)


def hold(apps, schema_editor):
    fields = {"was_exception": True, "has_failed": True, "processed_at": F("state_since")}
    _move(apps, schema_editor, "unreadable", "exception", Q(), **fields)


def _move(apps, schema_editor, source, target, which, **fields):
    alias = schema_editor.connection.alias
    frames = apps.get_model("pipeline", "Frame").objects.using(alias)
    steps = apps.get_model("pipeline", "Transition").objects.using(alias)
    for frame in frames.filter(which, state=source):
        frames.filter(pk=frame.pk).update(state=target, version=F("version") + 1, **fields)
        steps.create(frame_id=frame.pk, source=source, target=target, actor="migration", why=frame.cause)


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0007_unreadable_and_removed")]
    operations = [migrations.RunPython(send_back, hold)]

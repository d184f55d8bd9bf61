from django.db import migrations

from pipeline.gate import shipped_policy


def load(apps, schema_editor):
    document = shipped_policy()
    apps.get_model("pipeline", "GatePolicy").objects.create(
        name=document["name"], version=document["version"], document=document, is_active=True
    )


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]

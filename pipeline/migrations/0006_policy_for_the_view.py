from importlib import import_module

from django.db import migrations

load = import_module("pipeline.migrations.0004_policy_for_the_ladder").load


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0005_bridge")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]

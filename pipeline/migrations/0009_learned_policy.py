from importlib import import_module

from django.db import migrations

load = import_module("pipeline.migrations.0004_policy_for_the_ladder").load


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0008_draws")]
    operations = [
        migrations.AlterModelOptions(
            name="gatepolicy",
            options={
                "permissions": [("activate_policy", "Can put policies in shadow, activate and certify them")],
                "verbose_name_plural": "gate policies",
            },
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]

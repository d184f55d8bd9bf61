from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0024_closed_batches")]

    operations = [
        migrations.AddField(
            model_name="scorecard",
            name="look",
            field=models.JSONField(
                db_default={},
                default=dict,
                help_text="backdrop (lightness, a, b), contrast and tilt, as far as they can be told",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("review", "0003_review_queue")]
    operations = [
        migrations.AddField(
            model_name="decision",
            name="was",
            field=models.JSONField(
                default=dict, help_text="code, view and class that the frame had before it was renamed"
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="kind",
            field=models.CharField(
                help_text="a key of decisions.DECISIONS, or rename, edit, skip or undo", max_length=20
            ),
        ),
    ]

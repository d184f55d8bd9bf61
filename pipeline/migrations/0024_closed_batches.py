from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0023_renderings"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="closed_at",
            field=models.DateTimeField(blank=True, help_text="since then no more photos are taken in", null=True),
        ),
        migrations.AddField(
            model_name="batch",
            name="archived_at",
            field=models.DateTimeField(blank=True, help_text="since then it isn't listed with the others", null=True),
        ),
    ]

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("review", "0002_no_labels_since")]

    operations = [
        migrations.AlterModelOptions(
            name="queueitem",
            options={
                "default_permissions": ("view",),
                "ordering": ["state_since"],
                "verbose_name": "frame to review",
                "verbose_name_plural": "review queue",
            },
        ),
    ]

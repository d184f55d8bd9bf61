from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def take_from_batch(apps, schema_editor):
    """Every frame is of its batch's class; nobody could say otherwise till now."""
    alias = schema_editor.connection.alias
    batches = apps.get_model("pipeline", "Batch").objects.using(alias)
    of_batch = batches.filter(pk=OuterRef("batch")).values("product_class")
    apps.get_model("pipeline", "Frame").objects.using(alias).update(product_class=Subquery(of_batch))


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0003_take_overs")]
    operations = [
        migrations.AddField(
            model_name="frame",
            name="product_class",
            field=models.CharField(
                choices=[("eyewear", "Eyewear"), ("watch", "Watch")],
                default="",
                help_text="the batch's, unless a person said otherwise",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.RunPython(take_from_batch, migrations.RunPython.noop),
    ]

import django.db.models.deletion
from django.db import migrations, models


def near_side(apps, schema_editor):
    """The box of older cards ended at the bridge: on its right side when the left half was the nearer one."""
    cards = apps.get_model("pipeline", "Scorecard").objects
    for card in cards.filter(bridge_x__isnull=False):
        is_left = card.product_box["x1"] == round(card.bridge_x)
        cards.filter(pk=card.pk).update(
            near="left" if is_left else "right",
            product_box=card.product_box | ({"x1": card.width} if is_left else {"x0": 0}),
            bridge_doubt="" if card.crop_is_sure else "older-finder",
        )


def half_box(apps, schema_editor):
    cards = apps.get_model("pipeline", "Scorecard").objects
    for card in cards.filter(bridge_x__isnull=False):
        end = {"x1" if card.near == "left" else "x0": round(card.bridge_x)}
        cards.filter(pk=card.pk).update(product_box=card.product_box | end, crop_is_sure=not card.bridge_doubt)


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0004_policy_for_the_ladder")]
    operations = [
        migrations.RenameField("scorecard", "crop_box", "product_box"),
        migrations.AlterField(
            "scorecard",
            "product_box",
            models.JSONField(null=True, help_text="what a half-glass crop is taken from"),
        ),
        migrations.AddField(
            "scorecard",
            "near",
            models.CharField(
                max_length=5, blank=True, default="", choices=[("left", "Left"), ("right", "Right")], help_text="side of the bridge"
            ),
            preserve_default=False,
        ),
        migrations.AddField("scorecard", "bridge_doubt", models.CharField(max_length=40, blank=True, default=""), preserve_default=False),
        migrations.AddField("scorecard", "bridge_evidence", models.JSONField(null=True)),
        migrations.RunPython(near_side, half_box),
        migrations.RemoveField("scorecard", "crop_is_sure"),
        migrations.CreateModel(
            name="BridgeLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempt", models.PositiveIntegerField()),
                ("bridge_x", models.FloatField(help_text="in pixels of the upright photo")),
                ("found_x", models.FloatField(null=True, help_text="where the machine had it, if it found one")),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "frame",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bridge_labels", to="pipeline.frame"
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
    ]

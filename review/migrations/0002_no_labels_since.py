from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("review", "0001_squashed")]
    # Never written.
    operations = [migrations.RemoveField("certificate", "labels_since")]

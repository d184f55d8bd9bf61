# All of version 0.1.0, as one. An older database passes through that version: see pipeline/checks.py.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True
    replaces = [
        ("review", "0001_initial"),
        ("review", "0002_audits"),
        ("review", "0003_workbench"),
    ]

    dependencies = [
        ('pipeline', '0001_squashed'),
    ]

    operations = [
        migrations.CreateModel(
            name='QueueItem',
            fields=[
            ],
            options={
                'verbose_name': 'frame to review',
                'verbose_name_plural': 'exception queue',
                'ordering': ['state_since'],
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('pipeline.frame',),
        ),
        migrations.CreateModel(
            name='Activation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(max_length=150)),
                ('why', models.TextField(blank=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activations', to='pipeline.gatepolicy')),
                ('previous', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pipeline.gatepolicy')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('escape', models.FloatField()),
                ('delta', models.FloatField()),
                ('threshold', models.FloatField()),
                ('n', models.PositiveIntegerField(help_text='marked, labelled frames that pass, one per product')),
                ('k', models.PositiveIntegerField(help_text='of them bad')),
                ('bound', models.FloatField(help_text='exact upper bound of the escape rate')),
                ('labels_since', models.DateTimeField(null=True)),
                ('labels_until', models.DateTimeField()),
                ('model_sha256', models.CharField(max_length=64)),
                ('scorer_version', models.CharField(max_length=40)),
                ('calibration', models.CharField(help_text='sha256 of what turns metrics to a confidence', max_length=64)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('policy', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='pipeline.gatepolicy')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(max_length=150)),
                ('until', models.DateTimeField()),
                ('frame', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='claim', to='pipeline.frame')),
            ],
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text='a key of decisions.DECISIONS, or edit, skip or undo', max_length=20)),
                ('why', models.CharField(blank=True, help_text='what is wrong with a photo that is to be retaken', max_length=200)),
                ('version', models.PositiveIntegerField(default=0, help_text="the frame's, once this was carried out")),
                ('group', models.UUIDField(null=True)),
                ('occasion', models.CharField(choices=[('exception', 'Exception'), ('drawn', 'blind audit'), ('sibling', 'look at a sibling')], max_length=10)),
                ('label', models.CharField(blank=True, choices=[('good', 'Good'), ('bad', 'Bad'), ('', 'says nothing')], max_length=4)),
                ('by', models.CharField(max_length=150)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('frame', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='pipeline.frame')),
                ('scorecard', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='pipeline.scorecard')),
                ('undoes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='undone_by', to='review.decision')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('threshold', 'a certified threshold'), ('challenger', 'a better calibration')], max_length=10)),
                ('figures', models.JSONField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='pipeline.gatepolicy')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='DriftAlarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('batch', 'batch'), ('day', 'day')], max_length=5)),
                ('name', models.CharField(help_text='of the batch, or the date', max_length=100)),
                ('n', models.PositiveIntegerField()),
                ('statistic', models.FloatField(help_text='Kolmogorov–Smirnov distance')),
                ('p_value', models.FloatField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drift_alarms', to='pipeline.gatepolicy')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('policy', 'scope', 'name'), name='one_drift_alarm_per_group')],
            },
        ),
    ]

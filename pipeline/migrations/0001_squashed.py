# All of version 0.1.0, as one. An older database passes through that version: see checks.py.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True
    replaces = [
        ("pipeline", "0001_initial"),
        ("pipeline", "0002_default_policy"),
        ("pipeline", "0003_repair_ladder"),
        ("pipeline", "0004_policy_for_the_ladder"),
        ("pipeline", "0005_bridge"),
        ("pipeline", "0006_policy_for_the_view"),
        ("pipeline", "0007_audits"),
        ("pipeline", "0008_draws"),
        ("pipeline", "0009_learned_policy"),
        ("pipeline", "0010_workbench"),
        ("pipeline", "0011_gemini"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='GeminiJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('display_name', models.CharField(max_length=60, unique=True)),
                ('name', models.CharField(blank=True, help_text="Gemini's own, once it is known", max_length=200)),
                ('model_name', models.CharField(max_length=100)),
                ('prompt', models.CharField(max_length=40)),
                ('collected_at', models.DateTimeField(auto_now_add=True)),
                ('deadline', models.DateTimeField(help_text='cancelled then; its frames are asked for one by one')),
                ('submitted_at', models.DateTimeField(help_text='written before the call', null=True)),
                ('cancelled_at', models.DateTimeField(help_text='when it was first late', null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('next_look_at', models.DateTimeField(help_text='no worker touches it before; also the lease of who does')),
                ('tries', models.PositiveIntegerField(default=0, help_text='that Gemini answered with an error')),
                ('version', models.PositiveIntegerField(default=0)),
                ('words', models.TextField(blank=True, help_text='what happened last')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('product_class', models.CharField(choices=[('eyewear', 'Eyewear'), ('watch', 'Watch')], default='eyewear', max_length=20)),
                ('enhancement', models.CharField(choices=[('local', 'Local'), ('gemini', 'Gemini')], default='local', max_length=10)),
                ('lane', models.CharField(choices=[('standard', 'Standard'), ('urgent', 'Urgent')], default='standard', max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'batches',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Frame',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('filename', models.CharField(max_length=255)),
                ('code', models.CharField(db_index=True, max_length=64)),
                ('view', models.CharField(choices=[('front', 'Front'), ('angle', 'Angle'), ('side', 'Side')], max_length=10)),
                ('sha256', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('received', 'Received'), ('enhancing', 'Enhancing'), ('processing', 'Processing'), ('exception', 'Exception'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('publishing', 'Publishing'), ('published', 'Published'), ('withdrawing', 'Withdrawing'), ('superseded', 'Superseded'), ('purged', 'Purged')], default='received', max_length=20)),
                ('version', models.PositiveIntegerField(default=0)),
                ('attempt', models.PositiveIntegerField(default=0, help_text='counts runs of the pipeline; part of the work keys')),
                ('faults', models.PositiveIntegerField(default=0, help_text='passing faults since the last success or decision')),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('not_before', models.DateTimeField(blank=True, help_text='no worker acts on it before: a decision can be taken back, or Gemini is busy', null=True)),
                ('gemini', models.CharField(blank=True, help_text='what came of asking Gemini: used, or why it was enhanced here', max_length=20)),
                ('ask_until', models.DateTimeField(blank=True, help_text='so long Gemini may be asked for this photo by itself; none: by a Batch job', null=True)),
                ('reasons', models.JSONField(default=list)),
                ('cause', models.TextField(blank=True, help_text='what went wrong, in words, when something did')),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('state_since', models.DateTimeField(auto_now_add=True)),
                ('processed_at', models.DateTimeField(blank=True, help_text='first verdict, or first failure', null=True)),
                ('was_exception', models.BooleanField(default=False, help_text='a person had to look: the review rate counts these')),
                ('has_failed', models.BooleanField(default=False, help_text='…because something failed, not because of a doubt')),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('draw', models.FloatField(default=1, help_text='keyed hash of the file, 0–1: below the audit rate it is marked')),
                ('audit_due', models.CharField(blank=True, choices=[('drawn', 'Drawn'), ('sibling', 'Sibling')], help_text='a published frame that a person is to look at', max_length=10)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='frames', to='pipeline.batch')),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('see_picture', 'Can see photos and mattes'), ('decide', 'Can approve, reject or reprocess exceptions'), ('see_verdict', 'Can see state, confidence and verdict'), ('see_figures', 'Can see the review rate and other figures')],
            },
        ),
        migrations.CreateModel(
            name='BridgeLabel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveIntegerField()),
                ('bridge_x', models.FloatField(help_text='in pixels of the upright photo')),
                ('found_x', models.FloatField(help_text='where the machine had it, if it found one', null=True)),
                ('by', models.CharField(max_length=150)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('frame', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bridge_labels', to='pipeline.frame')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='GatePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('version', models.PositiveIntegerField()),
                ('document', models.JSONField()),
                ('is_active', models.BooleanField(default=False)),
                ('in_shadow', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'gate policies',
                'permissions': [('activate_policy', 'Can put policies in shadow, activate and certify them')],
                'constraints': [models.UniqueConstraint(fields=('name', 'version'), name='one_row_per_policy_version'), models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('is_active',), name='one_active_policy')],
            },
        ),
        migrations.CreateModel(
            name='GeminiCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(blank=True, default='', max_length=20)),
                ('words', models.TextField(blank=True, help_text='what happened, if no usable image came')),
                ('cost', models.DecimalField(decimal_places=6, default=None, help_text='in US dollars; unknown without an answer', max_digits=12, null=True)),
                ('price', models.DecimalField(decimal_places=6, help_text='of one image, when it was asked for', max_digits=12)),
                ('usage', models.JSONField(default=dict, help_text='tokens, as Gemini counts them')),
                ('model_name', models.CharField(max_length=100)),
                ('prompt', models.CharField(max_length=40)),
                ('asked_at', models.DateTimeField(auto_now_add=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('frame', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='calls', to='pipeline.frame')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='calls', to='pipeline.geminijob')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Listing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=64)),
                ('view', models.CharField(choices=[('front', 'Front'), ('angle', 'Angle'), ('side', 'Side')], max_length=10)),
                ('version', models.PositiveIntegerField(default=0)),
                ('frame', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='pipeline.frame')),
                ('holder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='pipeline.frame')),
            ],
        ),
        migrations.CreateModel(
            name='Rendition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('variant', models.CharField(max_length=20)),
                ('extension', models.CharField(max_length=5)),
                ('key', models.CharField(max_length=255)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('frame', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='renditions', to='pipeline.frame')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Scorecard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveIntegerField()),
                ('width', models.PositiveIntegerField(help_text='of the upright photo, in pixels')),
                ('height', models.PositiveIntegerField()),
                ('rung', models.CharField(default='first-look', help_text='which look, or rung of the repair ladder', max_length=20)),
                ('others', models.JSONField(default=list, help_text='what else the ladder tried, with the confidence of each')),
                ('confidence', models.FloatField()),
                ('publish', models.BooleanField()),
                ('threshold', models.FloatField()),
                ('is_marked', models.BooleanField(default=False, help_text='drawn for the estimates before the gate judged it')),
                ('audit_rate', models.FloatField(default=0, help_text='with what probability')),
                ('components', models.JSONField()),
                ('metrics', models.JSONField()),
                ('reasons', models.JSONField()),
                ('bridge_x', models.FloatField(null=True)),
                ('product_box', models.JSONField(help_text='what a half-glass crop is taken from', null=True)),
                ('near', models.CharField(blank=True, choices=[('left', 'Left'), ('right', 'Right')], help_text='side of the bridge', max_length=5)),
                ('bridge_doubt', models.CharField(blank=True, max_length=40)),
                ('bridge_evidence', models.JSONField(null=True)),
                ('places', models.JSONField(default=dict, help_text='where each doubt is worst: [x0, y0, x1, y1] by reason code')),
                ('seconds', models.JSONField()),
                ('model_name', models.CharField(max_length=100)),
                ('model_sha256', models.CharField(max_length=64)),
                ('enhancer', models.CharField(max_length=100)),
                ('fidelity', models.JSONField(help_text="how far Gemini's picture was from the photo's product", null=True)),
                ('scorer_version', models.CharField(max_length=40)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('frame', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scorecards', to='pipeline.frame')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='pipeline.gatepolicy')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base_attempt', models.PositiveIntegerField()),
                ('base_rung', models.CharField(blank=True, help_text='an alternative of that attempt; else its own', max_length=20)),
                ('strokes', models.JSONField(default=list, help_text='in pixels of the upright photo, as painting.Stroke')),
                ('difference', models.CharField(help_text='work key: 0 taken away, 128 untouched, 255 added', max_length=255)),
                ('by', models.CharField(max_length=150)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('frame', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='pipeline.frame')),
                ('scorecard', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='override', to='pipeline.scorecard')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ShadowVerdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('confidence', models.FloatField()),
                ('threshold', models.FloatField()),
                ('publish', models.BooleanField()),
                ('reasons', models.JSONField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shadow_verdicts', to='pipeline.gatepolicy')),
                ('scorecard', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shadow_verdicts', to='pipeline.scorecard')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Transition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=20)),
                ('target', models.CharField(max_length=20)),
                ('actor', models.CharField(max_length=150)),
                ('why', models.TextField(blank=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('frame', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transitions', to='pipeline.frame')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddIndex(
            model_name='frame',
            index=models.Index(fields=['state', 'state_since'], name='pipeline_fr_state_fbf5bc_idx'),
        ),
        migrations.AddConstraint(
            model_name='frame',
            constraint=models.UniqueConstraint(fields=('batch', 'sha256'), name='same_bytes_once_in_a_batch'),
        ),
        migrations.AddIndex(
            model_name='geminicall',
            index=models.Index(fields=['asked_at'], name='pipeline_ge_asked_a_b89b59_idx'),
        ),
        migrations.AddConstraint(
            model_name='geminicall',
            constraint=models.UniqueConstraint(condition=models.Q(('frame__isnull', False), ('outcome', '')), fields=('frame',), name='one_open_call_per_frame'),
        ),
        migrations.AddConstraint(
            model_name='listing',
            constraint=models.UniqueConstraint(fields=('code', 'view'), name='one_listing_per_code_and_view'),
        ),
        migrations.AddConstraint(
            model_name='rendition',
            constraint=models.UniqueConstraint(fields=('frame', 'key'), name='one_rendition_per_key'),
        ),
        migrations.AddConstraint(
            model_name='scorecard',
            constraint=models.UniqueConstraint(fields=('frame', 'attempt'), name='one_scorecard_per_attempt'),
        ),
        migrations.AddConstraint(
            model_name='shadowverdict',
            constraint=models.UniqueConstraint(fields=('policy', 'scorecard'), name='one_shadow_verdict_per_scorecard'),
        ),
    ]

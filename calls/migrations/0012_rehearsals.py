import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0008_knowledge'),
        ('calls', '0011_google_calendar'),
        ('tenants', '0005_protect_secrets'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rehearsal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('lines', models.JSONField(blank=True, default=list, help_text='What the caller says, one after the other.')),
                ('persona', models.TextField(blank=True, max_length=1000)),
                ('goal', models.TextField(blank=True, max_length=1000)),
                ('difficulty', models.CharField(choices=[('easy', 'Friendly and clear'), ('normal', 'As people are'), ('hard', 'In a hurry, changes their mind, hard to understand')], default='normal', max_length=8)),
                ('says', models.JSONField(blank=True, default=list, help_text='What the agent must say at some point.')),
                ('never_says', models.JSONField(blank=True, default=list)),
                ('uses', models.JSONField(blank=True, default=list, help_text='Names of tools that must be used.')),
                ('never_uses', models.JSONField(blank=True, default=list)),
                ('criteria', models.JSONField(blank=True, default=list, help_text='Sentences that must hold, judged afterwards.')),
                ('answers', models.JSONField(blank=True, default=dict, help_text='What tools answer, by name; they change nothing.')),
                ('from_call', models.UUIDField(editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rehearsals', to='agents.agent')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['name', 'pk'],
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='RehearsalRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('running', 'Running'), ('passed', 'Passed'), ('failed', 'Not passed'), ('broken', 'Could not run')], default='running', max_length=8)),
                ('digest', models.CharField(max_length=24)),
                ('script', models.JSONField(blank=True, default=list, help_text='Who said what, and which tools were used.')),
                ('findings', models.JSONField(blank=True, default=list, help_text='Each check, whether it holds, and why.')),
                ('trouble', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('rehearsal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='calls.rehearsal')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        ProtectTenantRows('Rehearsal'),
        ProtectTenantRows('RehearsalRun'),
    ]

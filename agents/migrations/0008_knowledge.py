import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0007_transport_options'),
        ('tenants', '0005_protect_secrets'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='KnowledgeSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('answer', 'Question and answer'), ('document', 'Document'), ('page', 'Web page')], max_length=10)),
                ('title', models.CharField(max_length=200)),
                ('answer', models.TextField(blank=True, help_text='Of a question, which is the title.', max_length=2000)),
                ('url', models.URLField(blank=True, max_length=500)),
                ('file_name', models.CharField(blank=True, max_length=200)),
                ('upload', models.BinaryField(help_text='The file, until it has been read.', null=True)),
                ('language', models.CharField(default='en-US', max_length=12)),
                ('status', models.CharField(choices=[('reading', 'Being read'), ('ready', 'Known'), ('failed', 'Not read')], default='reading', max_length=10)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('characters', models.PositiveIntegerField(default=0)),
                ('embedded_by', models.CharField(blank=True, help_text='The model of its vectors; empty: words alone.', max_length=80)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('agent', models.ForeignKey(blank=True, help_text='Empty: all of them.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='knowledge', to='agents.agent')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['title', 'pk'],
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='KnowledgeGap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=300)),
                ('key', models.CharField(editable=False, max_length=300)),
                ('times', models.PositiveIntegerField(default=1)),
                ('last_call', models.UUIDField(editable=False, null=True)),
                ('last_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gaps', to='agents.agent')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-times', '-last_at'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('agent', 'key'), name='gap_once_per_agent')],
            },
        ),
        migrations.CreateModel(
            name='KnowledgePassage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('index', models.PositiveIntegerField()),
                ('heading', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField()),
                ('words', django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='passages', to='agents.knowledgesource')),
            ],
            options={
                'ordering': ['source', 'index'],
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['words'], name='passage_words')],
                'constraints': [models.UniqueConstraint(fields=('source', 'index'), name='passage_once_per_source')],
            },
        ),
        ProtectTenantRows('KnowledgeSource'),
        ProtectTenantRows('KnowledgeGap'),
        ProtectTenantRows('KnowledgePassage'),
    ]

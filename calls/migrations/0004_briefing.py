from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0003_journal_cursor'),
    ]

    operations = [
        migrations.AddField(
            model_name='call',
            name='briefing',
            field=models.JSONField(blank=True, default=dict, help_text='What the agent was told of whom it calls; empty for others.'),
        ),
    ]

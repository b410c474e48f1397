from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_published_versions_never_change")]

    operations = [
        migrations.AddField(
            model_name="agentversion",
            name="tools",
            field=models.JSONField(blank=True, default=list, help_text="Each with its name and settings."),
        ),
    ]

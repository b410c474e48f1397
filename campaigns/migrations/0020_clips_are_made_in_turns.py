from django.db import migrations, models


class Migration(migrations.Migration):
    """Who makes a clip claims it for a while; what it has cost and what went wrong is kept."""

    dependencies = [("campaigns", "0003_receipts_never_change")]

    operations = [
        migrations.AddField(
            "audioclip",
            "characters",
            models.PositiveIntegerField(default=0, help_text="Given to the voice so far: what it cost."),
        ),
        migrations.AddField("audioclip", "tries", models.PositiveIntegerField(default=0)),
        migrations.AddField("audioclip", "claimed_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("audioclip", "problem", models.CharField(blank=True, max_length=200)),
    ]

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "agentos.webhooks"
    label = "webhooks"

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        from agents.knowledge.vectors import make_room

        post_migrate.connect(make_room, sender=self)

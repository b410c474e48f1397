from django.apps import AppConfig


class AgentosConfig(AppConfig):
    """The project itself as an app, so that its commands and checks are found."""

    name = "agentos"
    label = "agentos"

    def ready(self) -> None:
        from agentos import checks  # noqa: F401 - registers them

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "agentos.tenants"
    label = "tenants"

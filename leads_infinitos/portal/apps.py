from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "leads_infinitos.portal"
    label = "portal"
    verbose_name = "Portal"

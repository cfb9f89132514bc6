from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "leads_infinitos.portal"
    label = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from leads_infinitos import checks  # noqa: F401 (its import registers them)

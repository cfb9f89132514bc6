from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Planos e licenças"

    def ready(self) -> None:
        from accounts.services import people
        from billing.services import allowance

        people.register_around(allowance.changing)

from typing import Any

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "Campanhas"

    def ready(self) -> None:
        from celery.signals import worker_shutting_down

        from billing.services import allowance
        from campaigns.services import pump, sweep

        allowance.register(sweep.wake_account)

        def stop_claiming(**_: Any) -> None:
            pump.stopping.set()

        worker_shutting_down.connect(stop_claiming, weak=False, dispatch_uid="campaigns.stop_claiming")

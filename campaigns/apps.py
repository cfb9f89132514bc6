from typing import Any

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "Campanhas"

    def ready(self) -> None:
        from celery.signals import worker_shutting_down

        from billing.services import allowance
        from campaigns.services import list_guard, pump, sweep
        from extraction.services import lists, undo

        allowance.register(sweep.wake_account)
        lists.register_guard(list_guard.list_use)
        undo.register_lead_use(list_guard.leads_in_use)

        def stop_claiming(**_: Any) -> None:
            pump.stopping.set()

        worker_shutting_down.connect(stop_claiming, weak=False, dispatch_uid="campaigns.stop_claiming")

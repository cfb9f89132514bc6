"""Leads Infinitos: the composition root of the product. The Celery app loads with Django so that `shared_task` finds it."""

from leads_infinitos.celery import app as celery_app

__all__ = ["celery_app"]

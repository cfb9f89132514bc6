"""Tasks of the installation as a whole."""

from __future__ import annotations

from celery import shared_task

from leads_infinitos import health


@shared_task(ignore_result=True)
def beat_heartbeat() -> None:
    """That it runs proves beat, broker and worker at once; `/readyz` reads how long ago that was."""
    health.note_heartbeat()

"""Pages of lists, leads and imports."""

from django.urls import path

from extraction.views import imports, lists

app_name = "extraction"

urlpatterns = [
    path("leads/", lists.lead_lists, name="lists"),
    path("leads/new/", lists.list_create, name="list_create"),
    path("leads/import/", imports.import_new, name="import_new"),
    path("leads/<int:list_id>/", lists.lead_list, name="list"),
    path("leads/<int:list_id>/rename/", lists.list_rename, name="list_rename"),
    path("leads/<int:list_id>/delete/", lists.list_delete, name="list_delete"),
    path("imports/<int:import_id>/", imports.import_detail, name="import"),
    path("imports/<int:import_id>/progress/", imports.import_progress, name="import_progress"),
    path("imports/<int:import_id>/rejected/", imports.import_rejected, name="import_rejected"),
    path("imports/<int:import_id>/undo/", imports.import_undo, name="import_undo"),
    path("imports/<int:import_id>/retry/", imports.import_retry, name="import_retry"),
]

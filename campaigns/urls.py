"""Pages of campaigns and connections."""

from django.urls import path

from campaigns.views import campaigns, connections, copies, editing, export

app_name = "campaigns"

urlpatterns = [
    path("campaigns/", campaigns.campaign_list, name="list"),
    path("campaigns/new/", editing.campaign_new, name="new"),
    path("campaigns/<int:campaign_id>/", campaigns.campaign_detail, name="detail"),
    path("campaigns/<int:campaign_id>/edit/", editing.campaign_edit, name="edit"),
    path("campaigns/<int:campaign_id>/start/", campaigns.campaign_start, name="start"),
    path("campaigns/<int:campaign_id>/pause/", campaigns.campaign_pause, name="pause"),
    path("campaigns/<int:campaign_id>/resume/", campaigns.campaign_resume, name="resume"),
    path("campaigns/<int:campaign_id>/cancel/", campaigns.campaign_cancel, name="cancel"),
    path("campaigns/<int:campaign_id>/duplicate/", copies.campaign_duplicate, name="duplicate"),
    path("campaigns/<int:campaign_id>/retry/", copies.campaign_retry, name="retry"),
    path("campaigns/<int:campaign_id>/delete/", copies.campaign_delete, name="delete"),
    path("campaigns/<int:campaign_id>/deal/", campaigns.campaign_deal, name="deal"),
    path("campaigns/<int:campaign_id>/export/", export.campaign_export, name="export"),
    path(
        "campaigns/<int:campaign_id>/messages/<int:message_id>/decide/", campaigns.message_decide, name="message-decide"
    ),
    path("campaigns/<int:campaign_id>/exclusions/", campaigns.campaign_exclusions, name="exclusions"),
    path("connections/", connections.connection_list, name="connections"),
    path("connections/new/", connections.connection_new, name="connection-new"),
    path("connections/<int:connection_id>/check/", connections.connection_check, name="connection-check"),
    path("connections/<int:connection_id>/qr/", connections.connection_qr, name="connection-qr"),
    path("connections/<int:connection_id>/pace/", connections.connection_pace, name="connection-pace"),
    path("connections/<int:connection_id>/remove/", connections.connection_remove, name="connection-remove"),
]

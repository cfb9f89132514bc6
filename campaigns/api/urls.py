"""Routes of campaigns under /api/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from campaigns.api.campaigns import CampaignViewSet
from campaigns.api.connections import ConnectionViewSet
from campaigns.api.overview import OverviewView
from campaigns.api.suppressions import SuppressionViewSet

router = SimpleRouter()
router.register("campaigns", CampaignViewSet, basename="api-campaigns")
router.register("connections", ConnectionViewSet, basename="api-connections")
router.register("suppressions", SuppressionViewSet, basename="api-suppressions")

urlpatterns = [
    path("dashboard/overview/", OverviewView.as_view(), name="api-overview"),
    path("", include(router.urls)),
]

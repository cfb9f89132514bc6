"""The JSON API, composed of the apps' own."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from leads_infinitos.portal.api_views import LicenceView

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("licence/", LicenceView.as_view(), name="api-licence"),
    path("", include("extraction.api.urls")),
    path("", include("campaigns.api.urls")),
]

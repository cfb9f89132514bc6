"""Every address of the product, in one place per app. Patterns end in a slash; FinalSlashMiddleware serves both forms."""

from django.contrib import admin
from django.urls import include, path

from campaigns.webhooks import whatsapp
from leads_infinitos import health

urlpatterns = [
    path("healthz/", health.healthz, name="healthz"),
    path("readyz/", health.readyz, name="readyz"),
    path("", include("leads_infinitos.portal.urls")),
    path("", include("accounts.urls")),
    path("", include("extraction.urls")),
    path("", include("campaigns.urls")),
    path("webhooks/", include("billing.urls")),
    path("webhooks/whatsapp/<str:secret>/", whatsapp, name="whatsapp-webhook"),
    path("api/", include("leads_infinitos.portal.api_urls")),
    path("admin/", admin.site.urls),
]

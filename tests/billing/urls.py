"""Only the addresses of billing, so that its tests need no other app's pages."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("webhooks/", include("billing.urls")),
    path("admin/", admin.site.urls),
]

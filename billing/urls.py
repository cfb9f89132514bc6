from django.urls import path

from billing import webhooks

app_name = "billing"

urlpatterns = [path("hotmart/", webhooks.hotmart, name="hotmart-webhook")]

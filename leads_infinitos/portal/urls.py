"""Pages that join several apps."""

from django.urls import path
from django.views.generic import RedirectView

from leads_infinitos.portal import views

app_name = "portal"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="portal:dashboard"), name="home"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("plan/", views.plan, name="plan"),
    path("plan/daily/", views.plan_daily, name="plan-daily"),
]

"""Addresses of the leads app under /api/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

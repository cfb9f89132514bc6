"""The operator's screens of billing. Facts and projections are read-only; every change goes through a service."""

from billing.admin import catalogue, events, licences, plans

__all__ = ["catalogue", "events", "licences", "plans"]

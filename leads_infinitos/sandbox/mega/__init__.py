"""Mega API: instances, number check, sends, webhooks, and everything that goes wrong with them."""

"""The operator's screens of campaigns: what is sent and why not. History is read-only; changes go through services."""

from campaigns.admin import campaigns, connections, history, installation, messages

__all__ = ["campaigns", "connections", "history", "installation", "messages"]

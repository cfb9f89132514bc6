"""Which failures of a message are for good. Pure data."""

from __future__ import annotations

# What no second try changes: the number has no WhatsApp, the file cannot be opened, the provider refuses this text. Everything
# else that ends as failed had its tries while a provider or a number was down, and it is proved that nothing left.
FINAL_REASONS = frozenset({"not_on_whatsapp", "media_unreachable", "bad_request"})

"""Which adapter speaks for a gateway."""

from __future__ import annotations

from campaigns.gateways.base import Gateway
from campaigns.gateways.megaapi import MegaApi

GATEWAYS: dict[str, Gateway] = {"megaapi": MegaApi()}


def gateway_for(name: str) -> Gateway:
    """The adapter of a connection's `gateway`. Raises KeyError for a name that no choice offers."""
    return GATEWAYS[name]

"""The state diagrams people read and the transitions the code obeys are the same."""

from __future__ import annotations

import re
from pathlib import Path

from campaigns.domain.states import CAMPAIGN_TRANSITIONS, MESSAGE_TRANSITIONS

PAGE = (Path(__file__).parent.parent / "docs" / "sending.md").read_text()


def drawn(title: str) -> set[tuple[str, str]]:
    """The arrows of the diagram under a heading, without the one from the start."""
    section = PAGE.split(f"### {title}\n", 1)[1].split("```", 2)[1]
    return set(re.findall(r"^\s+(\w+) --> (\w+)$", section, flags=re.MULTILINE))


def test_the_campaign_diagram_draws_exactly_the_allowed_transitions() -> None:
    assert drawn("Campaign") == {(str(a), str(b)) for a, targets in CAMPAIGN_TRANSITIONS.items() for b in targets}


def test_the_message_diagram_draws_exactly_the_allowed_transitions() -> None:
    assert drawn("Message") == {(str(a), str(b)) for a, targets in MESSAGE_TRANSITIONS.items() for b in targets}

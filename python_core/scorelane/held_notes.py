"""How it is found which notes are held over the border between two segments."""

from __future__ import annotations

from enum import StrEnum

from scorelane.errors import UsageError


class HeldNotes(StrEnum):
    """A model hears a recording in segments of about two seconds.

    ``FREE``: each says for itself which notes it takes up, so many are decoded together.
    ``LINKED``: one after the other, each chooses among the notes that sound at the end of the one
    before. ``FORCED``: it takes up all of them, and each lasts until its end is heard.
    """

    FREE = "free"
    LINKED = "linked"
    FORCED = "forced"


def check_held_notes(name: str) -> HeldNotes:
    """The member called ``name``; raises :class:`UsageError` listing them."""
    try:
        return HeldNotes(name)
    except ValueError:
        raise UsageError(f"Held notes are {', '.join(HeldNotes)}; not {name!r}.") from None

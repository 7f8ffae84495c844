"""Every error that a user can meet: one sentence that says what happened and what to do."""

from __future__ import annotations


class ScorelaneError(Exception):
    """Base of all errors that Scorelane raises on purpose."""


class AudioError(ScorelaneError):
    """A recording cannot be read or cannot be used."""


class NotesError(ScorelaneError):
    """A file of notes cannot be read, or a note makes no sense."""


class ModelError(ScorelaneError):
    """A model is missing, corrupt or of the wrong kind."""


class EngineError(ScorelaneError):
    """The engine cannot run: no such device, out of memory, or not built."""


class UsageError(ScorelaneError):
    """The call itself is wrong; the message lists what is possible."""


class Cancelled(ScorelaneError):  # noqa: N818 - not a failure
    """The caller's progress function asked to stop."""

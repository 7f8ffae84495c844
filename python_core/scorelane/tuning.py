"""What a recording's A4 may be tuned to."""

from __future__ import annotations

from scorelane.errors import UsageError

CONCERT_PITCH = 440.0
"""Hz of A4 that models are trained on."""

LOWEST, HIGHEST = 380.0, 500.0


def check_tuning(hertz: float | None) -> float | None:
    """``hertz`` if A4 may be tuned so, or ``None``, to be heard; else :class:`UsageError`."""
    if hertz is not None and not LOWEST <= hertz <= HIGHEST:
        raise UsageError(
            f"A4 must be tuned to between {LOWEST:g} and {HIGHEST:g} Hz, not {hertz:g}."
        )
    return hertz

"""``python -m scorelane``: the same as the ``scorelane`` command."""

from __future__ import annotations

from scorelane.cli.app import main

if __name__ == "__main__":
    main()

"""A desktop without a screen: Xvfb, and a hand at keyboard and mouse.

Needs Xvfb (Debian: xvfb) and python-xlib.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import matplotlib.image
import numpy as np
from numpy.typing import NDArray
from Xlib import XK, X, display, error, protocol
from Xlib.ext import xtest

Pixels = NDArray[np.uint8]


class Desktop:
    """An X server of its own, as a context manager; ``name`` is its ``DISPLAY``."""

    def __init__(self, size: tuple[int, int] = (1280, 900)) -> None:
        reader, writer = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size[0]}x{size[1]}x24",
             "-nolisten", "tcp"],
            pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writer)
        with os.fdopen(reader) as answer:
            self.name = f":{answer.readline().strip()}"
        self._display = display.Display(self.name)
        # A window manager has these names made before any program starts.
        self._protocols, self._delete = (
            self._display.intern_atom(name) for name in ("WM_PROTOCOLS", "WM_DELETE_WINDOW")
        )

    def __enter__(self) -> Desktop:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._display.close()
        self._server.terminate()
        self._server.wait()

    def window(self, program: str, seconds: float = 60.0) -> Any:
        """The window of this program, as soon as it is shown."""
        return wait_for(lambda: self._find(program), f"a window of {program}", seconds)

    def _find(self, program: str) -> Any:
        for window in self._display.screen().root.query_tree().children:
            try:
                shown = window.get_attributes().map_state == X.IsViewable
                if shown and program in (window.get_wm_class() or ()):
                    return window
            except error.BadWindow:  # it went while it was looked at
                continue
        return None

    def click(self, window: Any, x: int, y: int) -> None:
        """Click into a window."""
        place = window.translate_coords(self._display.screen().root, 0, 0)
        xtest.fake_input(self._display, X.MotionNotify, x=x - place.x, y=y - place.y)
        for event in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(self._display, event, 1)
        self._display.sync()
        time.sleep(0.3)

    def press(self, *names: str) -> None:
        """Press keys together: ``press("Control_L", "o")``."""
        codes = [self._display.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
        for code in codes:
            xtest.fake_input(self._display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self._display, X.KeyRelease, code)
        self._display.sync()
        time.sleep(0.05)

    def type(self, text: str) -> None:
        """Type lower-case letters, digits, ``/``, ``-``, ``.`` and ``_``."""
        names = {"/": "slash", "-": "minus", ".": "period"}
        for letter in text:
            self.press(*(("Shift_L", "minus") if letter == "_" else (names.get(letter, letter),)))

    def close(self, window: Any) -> None:
        """Ask a window to close, as its title bar does."""
        window.send_event(
            protocol.event.ClientMessage(
                window=window, client_type=self._protocols, data=(32, [self._delete, 0, 0, 0, 0])
            )
        )
        self._display.sync()

    def photograph(self, window: Any, file: Path | None = None) -> Pixels:
        """The pixels of a window ``[rows, columns, 3]``; also as a PNG file."""
        size = window.get_geometry()
        image = window.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
        pixels = np.frombuffer(image.data, np.uint8).reshape(size.height, size.width, 4)
        pixels = pixels[:, :, 2::-1]
        if file is not None:
            matplotlib.image.imsave(file, np.ascontiguousarray(pixels))
        return pixels


def wait_for(what: Callable[[], Any], name: str, seconds: float) -> Any:
    """Ask again until ``what`` gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"{name} did not come within {seconds:.0f} s")

"""The program of its own, on a desktop without a screen: it starts, takes a file, and quits."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from plugin_tools import EXAMPLE, clean_environment, plugin_bundle
from scorelane.host import PluginState, read_state

pytest.importorskip("Xlib", reason="python-xlib is not installed (test extra)")
sys.path.insert(0, str(Path(__file__).parent / "hosts"))
from desktop import Desktop, Pixels, wait_for

PROGRAM = plugin_bundle().parent.parent / "Standalone" / "Scorelane"
JUCE_DIGITS = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"

pytestmark = [
    pytest.mark.skipif(not PROGRAM.exists(), reason="the bundle is installed, not built here"),
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="xvfb is not installed"),
]


def saved_state(home: Path) -> PluginState:
    """What the program keeps between two starts: bytes as JUCE writes them, six bits a letter."""
    settings = ElementTree.parse(home / ".config" / "Scorelane.settings")
    text = next(e.get("val", "") for e in settings.iter() if e.get("name") == "filterState")
    size, _, digits = text.partition(".")
    bits = sum(JUCE_DIGITS.index(digit) << (6 * place) for place, digit in enumerate(digits))
    return read_state(bits.to_bytes(int(size) + 8, "little")[: int(size)])


def coloured(picture: Pixels) -> int:
    """Pixels with a colour, in the middle of the window: notes."""
    middle = picture[250:-150, 300:-300].astype(int)
    return int((np.ptp(middle, axis=2) > 35).sum())


def test_it_starts_takes_a_file_and_quits(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    sound, rate = soundfile.read(EXAMPLE, dtype="float32")
    soundfile.write(home / "song.wav", sound[: 4 * rate], rate)
    takes = home / ".local" / "share" / "scorelane" / "takes"
    with Desktop() as desktop:
        program = subprocess.Popen(
            [PROGRAM], env={**clean_environment(home), "DISPLAY": desktop.name},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            window = desktop.window("Scorelane")
            desktop.click(window, 60, 130)  # the keys are the window's from now on
            desktop.press("Control_L", "o")
            desktop.type(str(home / "song.wav"))
            desktop.press("Return")  # names the file
            desktop.press("Return")  # opens it
            wait_for(lambda: list(takes.glob("*song*")), "the take", 60)
            wait_for(lambda: coloured(desktop.photograph(window)) > 2000, "notes", 60)
            desktop.photograph(window, tmp_path / "standalone.png")
            desktop.close(window)
            _, complaints = program.communicate(timeout=30)
        finally:
            program.kill()
    assert program.returncode == 0, complaints[-2000:]
    assert len(saved_state(home).notes) > 10

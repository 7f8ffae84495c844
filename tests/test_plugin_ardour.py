"""Ardour, without a window, records the plugin's lanes onto a MIDI track."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import soundfile

from plugin_tools import EXAMPLE, plugin_bundle

sys.path.insert(0, str(Path(__file__).parent / "hosts"))
import ardour

bundle = plugin_bundle()


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which(ardour.ARDOUR_LUA) is None or not ardour.SCANNER.exists(),
    reason="ardour 7 is not installed (Debian: ardour)",
)
def test_ardour_records_what_the_plugin_shows(tmp_path: Path) -> None:
    audio, rate = soundfile.read(EXAMPLE, dtype="float32")
    soundfile.write(tmp_path / "song.wav", audio[: 10 * rate], rate)
    result = ardour.record_in_ardour(tmp_path / "song.wav", bundle, tmp_path)
    assert len(result.notes) > 60
    numbers = ardour.compare(result)
    assert numbers["same pitches and channels"], numbers
    assert numbers["onsets off by, spread ms"] < 2, numbers
    assert abs(numbers["onsets off by, mean ms"]) < 2, numbers

"""The plugin with another model than the bundle's, chosen from Python."""

from __future__ import annotations

from pathlib import Path

from test_plugin_hosts import run
from tiny_archive import SAMPLE_RATE, save_archive

CODE = """
import json, sys
import numpy as np
import scorelane
from scorelane.errors import ModelError
from scorelane.host import load_plugin, transcribe_with_plugin
archive, rate = sys.argv[1], int(sys.argv[2])
sound = (0.3 * np.sin(np.arange(3 * rate) * 0.2)).astype(np.float32)
row = lambda notes: sorted((n.onset, n.pitch, n.program) for n in notes)
plugin = load_plugin()
heard = transcribe_with_plugin(sound, rate, plugin=plugin, model=archive, sensitivity=1.0)
expected = scorelane.transcribe(sound, sample_rate=rate, model=archive, sensitivity=1.0)
again = transcribe_with_plugin(sound, rate, plugin=plugin)
try:
    transcribe_with_plugin(sound, rate, model="nonesuch")
    refused = ""
except ModelError as error:
    refused = str(error)
print(json.dumps([heard.model, row(heard.notes) == row(expected.notes), len(heard.notes),
                  again.model, refused]))
"""


def test_a_model_chosen_by_path_is_used_from_then_on(tmp_path: Path) -> None:
    archive = tmp_path / "tiny.pt"
    save_archive(archive)
    model, same, count, again, refused = run(CODE, tmp_path, archive, str(SAMPLE_RATE))
    assert model == again == "tiny 0.1.0"
    assert same and count > 0
    assert "nonesuch" in refused

"""The plugin with another model than the bundle's, and with players, chosen from Python."""

from __future__ import annotations

from pathlib import Path

from test_plugin_hosts import run
from tiny_archive import SAMPLE_RATE, save_archive

MODEL = """
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
    model, same, count, again, refused = run(MODEL, tmp_path, archive, str(SAMPLE_RATE))
    assert model == again == "tiny 0.1.0"
    assert same and count > 0
    assert "nonesuch" in refused


PLAYERS = """
import json, sys
import numpy as np
from scorelane.errors import UsageError
from scorelane.host import choose_players, load_plugin, transcribe_with_plugin
archive, rate = sys.argv[1], int(sys.argv[2])
sound = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 6 * rate)).astype(np.float32)
plugin = load_plugin()
def lanes(**chosen):
    heard = transcribe_with_plugin(sound, rate, plugin=plugin, sensitivity=1.0, **chosen)
    return [lane.name for lane in heard.lanes]
told = lanes(model=archive, players=["violin, clarinet", "drums"])
kept = lanes()
free = lanes(players=[])
refusals = []
for wrong in (["sax"], ["kazoo"]):
    try:
        choose_players(plugin, wrong)
    except UsageError as error:
        refusals.append(str(error))
print(json.dumps([told, kept, len(free), refusals]))
"""


def test_players_named_from_python_are_listened_for_from_then_on(tmp_path: Path) -> None:
    archive = save_archive(tmp_path / "tiny.pt")
    told, kept, free, refusals = run(PLAYERS, tmp_path, archive, str(SAMPLE_RATE))
    assert sorted(told) == sorted(kept) == ["Clarinet", "Drums", "Violin"]
    assert free > 3
    assert "65 Alto Sax" in refusals[0] and "name one" in refusals[0]
    assert "kazoo" in refusals[1]

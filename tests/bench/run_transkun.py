"""Transkun over audio files, as ``run_basic_pitch.py`` does it; for piano alone.

As ``transkun AUDIO MIDI`` does it, but the model is opened once, files are read by soundfile and
nothing of the package is needed that only its training uses.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace

from peer_process import PeerNote, Predict, run

BEGAN = time.perf_counter()


def load() -> Predict:
    import moduleconf
    import soundfile
    import soxr
    import torch
    import transkun
    from transkun.Data import writeMidi

    stand_in_for_torchaudio()
    folder = Path(transkun.__file__).parent / "pretrained"
    settings = moduleconf.parseFromFile(str(folder / "2.0.conf"))["Model"]
    model = settings.module.TransKun(conf=settings.config)
    weights = torch.load(folder / "2.0.pt", map_location="cpu", weights_only=True)
    tensors = weights.get("best_state_dict") or weights["state_dict"]
    missing = model.load_state_dict(tensors, strict=False).missing_keys
    assert not missing, missing
    model.eval()
    torch.set_grad_enabled(False)

    def predict(path: Path, midi_path: Path) -> Iterable[PeerNote]:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        if rate != model.fs:
            audio = soxr.resample(audio, rate, model.fs)
        notes = model.transcribe(torch.from_numpy(audio))
        writeMidi(notes).write(str(midi_path))
        # Pedals are told as notes of negative pitch.
        return [(n.start, n.end, int(n.pitch), int(n.velocity)) for n in notes if n.pitch > 0]

    return predict


def stand_in_for_torchaudio() -> None:
    """Spare torchaudio, each build of which fits one torch only.

    Transkun calls it for the filters of its mel spectrum, which come with the weights anyway.
    """
    import torch

    module = ModuleType("torchaudio")
    module.functional = SimpleNamespace(  # type: ignore[attr-defined]
        melscale_fbanks=lambda n_freqs, n_mels, **_: torch.zeros(n_freqs, n_mels)
    )
    sys.modules["torchaudio"] = module


if __name__ == "__main__":
    run(__doc__, BEGAN, load)

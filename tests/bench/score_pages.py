"""Pages to look at: scores are played by the humaniser of ``score_accuracy.py`` and written anew.

    python tests/bench/score_pages.py OUT NAME... [--corpora FOLDER]

Of every piece whose name holds a NAME the page ``OUT/NAME.png`` is drawn by MuseScore, of its first
32 bars played with drift; beats, metre, keys, voices and hands are found.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from score_humaniser import perform
from score_truth import load

from scorelane.score import make_score, save_score
from scorelane.score.performance import in_score_order


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--corpora", type=Path, help="folder of score-time MIDI by corpus")
    parser.add_argument("--cache", type=Path, default=Path("build/score_truth"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names:
        for truth in load(options.corpora, options.cache, name):
            players = in_score_order(perform(truth, "drift").parts)
            score = make_score(players, title=truth.name)
            page = options.out / f"{truth.name.replace('/', '_')}.png"
            save_score(score, page)
            print(f"wrote {page}", flush=True)


if __name__ == "__main__":
    main()

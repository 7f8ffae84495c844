"""Notes in seconds to a score that MuseScore opens and a player can read."""

from scorelane.score.arrange import arrange, find_grid
from scorelane.score.doubt import remarks
from scorelane.score.engrave import EngraveError
from scorelane.score.given_beats import Beats
from scorelane.score.grid import Grid, Metre
from scorelane.score.layout import Played, Score
from scorelane.score.musicxml import write_musicxml
from scorelane.score.performance import from_lanes, read_performance
from scorelane.score.save import SCORE_FORMATS, make_score, save_score
from scorelane.score.trackers import TrackerError
from scorelane.score.wishes import Wishes

__all__ = [
    "SCORE_FORMATS",
    "Beats",
    "EngraveError",
    "Grid",
    "Metre",
    "Played",
    "Score",
    "TrackerError",
    "Wishes",
    "arrange",
    "find_grid",
    "from_lanes",
    "make_score",
    "read_performance",
    "remarks",
    "save_score",
    "write_musicxml",
]

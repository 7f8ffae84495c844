"""The colour of every instrument's lane, the same in every picture and version."""

from __future__ import annotations

_DRUM_COLOUR = "#4d4d4d"

# One row per MIDI class, each within its own range of hues. Lightness and hue were searched so
# that instruments which often play together (a rock band, a quartet, an orchestra ...) stay apart
# for normal, red-blind and green-blind eyes alike (Machado et al. 2009).
_PROGRAM_COLOURS: tuple[str, ...] = (
    *("#0536ff", "#5ed4ff", "#066bff", "#181ebb", "#48a0ff", "#00809b", "#013192", "#123463"),
    *("#6eddac", "#62d7d1", "#269098", "#86b7e2", "#249f46", "#296fb8", "#1c4a58", "#1e7141"),
    *("#501d62", "#c591d8", "#ba56ca", "#4b2947", "#af3d84", "#30297e", "#ca9cbb", "#7b3abd"),
    *("#e7c779", "#5b1919", "#f07004", "#f4c108", "#811803", "#9a5c04", "#db8e93", "#ab2f4d"),
    *("#9b86e0", "#2e2db0", "#9eaed1", "#6286af", "#6762d7", "#32247f", "#233755", "#68488f"),
    *("#ee527f", "#5d1e2d", "#aa170f", "#dbbd17", "#f2967c", "#eaa84d", "#e83117", "#a41a80"),
    *("#e18517", "#d6cd1b", "#c4cf64", "#e9744d", "#795b0d", "#debd8f", "#c37568", "#602211"),
    *("#d0744a", "#d5cd3f", "#672c16", "#d3a132", "#cecc82", "#d29c9a", "#a0574c", "#827419"),
    *("#409c81", "#20521e", "#82db93", "#30a42e", "#265342", "#287d2a", "#89d4c8", "#51c93c"),
    *("#1253a4", "#29daf0", "#3a49de", "#2026f3", "#266781", "#4faef5", "#307af4", "#3bdebf"),
    *("#de8dc7", "#6e1572", "#700d02", "#d60503", "#d714b7", "#fc2bf8", "#6b0636", "#ea1b75"),
    *("#14189e", "#89d1de", "#5b7cea", "#80afeb", "#2028de", "#1575a8", "#224158", "#113173"),
    *("#4f6219", "#a3a22d", "#afd272", "#b09365", "#b1cf9b", "#748225", "#b7cc3d", "#504829"),
    *("#51263f", "#7d218e", "#e586a1", "#c22d35", "#d687e7", "#aa4263", "#d83899", "#cb33d4"),
    *("#4b3e28", "#aca25a", "#a96467", "#c4a8a8", "#c7caa4", "#72703b", "#ba9373", "#482c2c"),
    *("#7f7f7f", "#383838", "#b8b8b8", "#6c6c6c", "#939393", "#a7a7a7", "#454545", "#595959"),
)


def lane_colour(program: int, is_drum: bool = False) -> str:
    """Colour of an instrument's lane as ``"#rrggbb"``; ``program`` is 0-127 (drums: ignored)."""
    return _DRUM_COLOUR if is_drum else _PROGRAM_COLOURS[program]

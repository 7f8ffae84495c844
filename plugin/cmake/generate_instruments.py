"""Write the C++ tables of instrument names, colours and score order from the Python package.

python generate_instruments.py <python_core> <header>
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterable
from pathlib import Path


def main(python_core: Path, header: Path) -> None:
    """Write ``header`` from the modules in ``python_core``."""
    _add_package(python_core / "scorelane")
    header.parent.mkdir(parents=True, exist_ok=True)
    header.write_text(_tables(), encoding="utf-8")


def _add_package(folder: Path) -> None:
    """Make ``scorelane`` importable without its ``__init__``, which needs numpy and more."""
    package = types.ModuleType("scorelane")
    package.__path__ = [str(folder)]
    sys.modules["scorelane"] = package


def _tables() -> str:
    instruments = importlib.import_module("scorelane.instruments")
    colours = importlib.import_module("scorelane.colours")
    lanes = importlib.import_module("scorelane.lanes")
    notes = importlib.import_module("scorelane.notes")

    programs = range(len(instruments.PROGRAM_NAMES))
    in_score = lanes.make_lanes(notes.Note(0.0, 1.0, 60, program) for program in programs)
    positions = {lane.program: position for position, lane in enumerate(in_score)}
    first, drum_names = instruments.FIRST_DRUM_KEY, instruments.DRUM_KEY_NAMES
    return "\n".join(
        [
            "// Generated from the Python package; do not edit.",
            "#pragma once",
            "",
            "#include <array>",
            "#include <cstdint>",
            "",
            "namespace scorelane::plugin::tables {",
            "",
            *_array("const char*", "kProgramNames", map(_quoted, instruments.PROGRAM_NAMES)),
            *_array("const char*", "kClassNames", map(_quoted, instruments.CLASS_NAMES)),
            *_array("const char*", "kDrumKeyNames", map(_quoted, drum_names)),
            f"inline constexpr int kFirstDrumKey = {first};",
            f"inline constexpr const char* kDrumsName = {_quoted(instruments.DRUMS_NAME)};",
            *_array(
                "std::uint32_t", "kProgramColours", (_hex(colours.lane_colour(p)) for p in programs)
            ),
            f"inline constexpr std::uint32_t kDrumColour = {_hex(colours.lane_colour(0, True))};",
            *_array("int", "kScorePositions", (str(positions[p]) for p in programs)),
            "",
            "}  // namespace scorelane::plugin::tables",
            "",
        ]
    )


def _array(kind: str, name: str, values: Iterable[str]) -> list[str]:
    rows = [f"    {value}," for value in values]
    return [f"inline constexpr std::array<{kind}, {len(rows)}> {name}{{{{", *rows, "}};"]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _hex(colour: str) -> str:
    return "0x" + colour.removeprefix("#").upper()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

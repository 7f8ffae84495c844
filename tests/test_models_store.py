"""`scorelane models`: what is imported or fetched is found by its name; what is wrong never is."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner, Result

from scorelane import archives, engine, store
from scorelane.catalogue import Entry, entries
from scorelane.cli.app import app
from scorelane.errors import ModelError, UsageError
from scorelane.fetch import fetch
from scorelane.model.importing import importer
from scorelane.model.weights import save_weights
from tiny_checkpoint import t5x_tree, tiny_config, tiny_model, write_t5x


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user without models, and networks small enough to test."""
    for name in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    small = (tiny_config(), tiny_config(piano=True))
    monkeypatch.setattr(importer, "supported_configurations", lambda: small)
    return tmp_path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("t5x") / "checkpoint_5"
    return write_t5x(t5x_tree(tiny_model(tiny_config())), folder)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def succeed(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def fail(reason: str, *arguments: object, status: int = 1) -> None:
    result = run(*arguments)
    assert result.exit_code == status, result.output
    assert reason in result.output


def test_an_imported_model_is_found_by_its_name(checkpoint: Path, tmp_path: Path) -> None:
    told = succeed("models", "import", checkpoint, "--name", "tiny", "--licence", "Apache-2.0")
    record = store.read_record(store.models_folder() / "tiny")
    assert record.fingerprint in told
    assert record.licence == "Apache-2.0"
    weights = store.models_folder() / "tiny" / "model.safetensors"
    assert record.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    loaded = engine.load("tiny", device="cpu")
    assert loaded.config["name"] == "tiny"
    windows = np.random.default_rng(0).uniform(-0.4, 0.4, (2, 32768)).astype(np.float32)
    assert all(len(tokens) for tokens in loaded.tokens(windows))
    assert not (tmp_path / "cache").exists()  # the archive is the one beside the weights


def test_the_commands_know_it_by_its_name(checkpoint: Path, tmp_path: Path) -> None:
    succeed("models", "import", checkpoint, "--name", "tiny", "--licence", "Apache-2.0")
    told = succeed("info", "tiny", "--device", "cpu")
    assert "kind         mt3" in told and "Apache-2.0" in told
    clip = tmp_path / "clip"
    clip.mkdir()
    noise = np.random.default_rng(0).uniform(-0.4, 0.4, 40000)
    soundfile.write(clip / "audio.wav", noise, 16000)
    (clip / "notes.csv").write_text("onset,offset,pitch,program,is_drum,velocity\n0,1,60,0,0,80\n")
    scores = tmp_path / "scores.json"
    succeed("evaluate", clip, "--model", "tiny", "--device", "cpu", "--json", scores)
    assert json.loads(scores.read_text())["model"].startswith("tiny")
    arguments = ("--model", "tiny", "--device", "cpu", "--to", "json", "--out", tmp_path / "out")
    succeed("transcribe", clip / "audio.wav", *arguments)
    assert json.loads((tmp_path / "out" / "audio.json").read_text())["model"].startswith("tiny")


def test_a_checkpoint_folder_of_the_same_name_does_not_hide_the_model(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed("models", "import", checkpoint, "--name", "tiny")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").mkdir()
    assert engine.load("tiny", device="cpu").config["name"] == "tiny"
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        engine.load("./tiny", device="cpu")


def test_a_damaged_archive_is_made_again(checkpoint: Path) -> None:
    succeed("models", "import", checkpoint, "--name", "tiny")
    (store.models_folder() / "tiny" / store.ARCHIVE).write_bytes(b"damaged")
    assert engine.load("tiny", device="cpu").config["name"] == "tiny"


def test_list_info_and_remove(checkpoint: Path) -> None:
    succeed("models", "import", checkpoint, "--name", "tiny", "--licence", "Apache-2.0")
    listed = succeed("models", "list")
    for name in ("scorelane", "tiny", "ismir2021"):
        assert name in listed
    assert str(checkpoint) in succeed("models", "info", "tiny")
    assert "sha256" in succeed("models", "info", "scorelane")
    assert "gs://mt3/checkpoints/mt3" in succeed("models", "info", "mt3")
    succeed("models", "remove", "tiny")
    assert list(store.models_folder().iterdir()) == []
    fail("There is no model", "models", "remove", "tiny")
    fail("There is no model", "models", "info", "tiny", status=2)
    fail("stays", "models", "remove", "scorelane", status=2)
    with pytest.raises(ModelError, match="There is no model 'tiny'"):
        archives.load_archive("tiny", lambda path: path)


@pytest.mark.parametrize("name", ["scorelane", "../up", ".hidden", "a/b", "", "x" * 65, "a b"])
def test_names_that_cannot_be(checkpoint: Path, name: str) -> None:
    result = run("models", "import", checkpoint, "--name", name)
    assert result.exit_code == 2, result.output
    assert store.records() == []
    assert store.find(name) is None


def test_a_model_is_replaced_only_when_asked_and_only_by_a_whole_one(
    checkpoint: Path, tmp_path: Path
) -> None:
    succeed("models", "import", checkpoint, "--name", "tiny")
    before = store.read_record(store.models_folder() / "tiny")
    fail("--overwrite", "models", "import", checkpoint, "--name", "tiny", status=2)
    broken = tmp_path / "broken.pt"
    torch.save({"lm_head.weight": torch.zeros(1536, 64)}, broken)
    fail("is missing", "models", "import", broken, "--name", "tiny", "--overwrite")
    assert store.read_record(store.models_folder() / "tiny") == before
    other = write_t5x(t5x_tree(tiny_model(tiny_config(), seed=1)), tmp_path / "other")
    succeed("models", "import", other, "--name", "tiny", "--overwrite")
    assert store.read_record(store.models_folder() / "tiny").fingerprint != before.fingerprint
    assert [path.name for path in store.models_folder().iterdir()] == ["tiny"]


def test_an_interrupted_import_leaves_nothing() -> None:
    with pytest.raises(KeyboardInterrupt), store.new_model("tiny") as folder:
        (folder / store.RECORD).write_text("{}")
        raise KeyboardInterrupt
    assert list(store.models_folder().iterdir()) == []


def test_what_a_killed_import_left_behind_is_swept_up() -> None:
    old, new = (store.models_folder() / f".{name}.part" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / store.ARCHIVE).write_bytes(b"half")
    os.utime(old, (0, 0))
    with store.new_model("tiny"):
        pass
    assert not old.exists() and new.exists()  # the new one may belong to an import that runs


@pytest.mark.parametrize("damage", ["{}", "[]", "size", "licence"])
def test_a_damaged_record_is_told_and_passed_over(damage: str) -> None:
    folder = store.models_folder() / "tiny"
    folder.mkdir(parents=True)
    record = asdict(store.Record("tiny", "here", "MIT", "weights", 1, 2, "a", "b"))
    whole = json.dumps(record | {damage: []})
    (folder / store.RECORD).write_text(damage if damage[0] in "{[" else whole)
    assert "tiny" not in succeed("models", "list")
    assert store.records() == []
    fail("cannot be understood", "models", "info", "tiny")
    succeed("models", "remove", "tiny")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"network": {"width": 1_000_000}}, "width is 1000000 instead of 4 to 8192"),
        ({"network": {"width": 8192, "encoder_layers": 96}}, "holds fewer numbers"),
        ({"network": {"decoder_layers": 1e9}}, "decoder_layers is"),
        ({"network": {"heads": True}}, "heads is True"),
        ({"network": {"dropout": "much"}}, "dropout is 'much'"),
        ({"network": {"surprise": 1}}, "cannot be understood"),
        ({"network": {"time_aligned": 1}}, "time_aligned is 1"),
        ({"frontend": {"hop": 0}}, "hop is 0"),
        ({"frontend": {"fft": 1 << 40}}, "fft is"),
        ({"frontend": {"low_hz": 9000.0}}, "low_hz is not below high_hz"),
        ({"segment_samples": 1 << 22}, "more than 8192"),
        ({"max_tokens": "16"}, "max_tokens is '16'"),
        ({"kind": "other"}, "kind is 'other'"),
        ({"granularity": "fine"}, "granularity is 'fine'"),
        ({"licence": None}, "licence is None"),
        ({"program_map": [0]}, "no list of 128"),
        ({"program_map": [128] * 128}, "programs that do not exist"),
        ({"sample_rate": 0}, "sample_rate is 0"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    """Before memory is taken for the network that they describe."""
    config = tiny_config()
    save_weights(tiny_model(config).state_dict(), config, tmp_path / "w", torch.float32)
    values = json.loads((tmp_path / "w" / "config.json").read_text())
    for name, value in changes.items():
        values[name] = values[name] | value if isinstance(value, dict) else value
    (tmp_path / "w" / "config.json").write_text(json.dumps(values))
    fail(reason, "models", "import", tmp_path / "w", "--name", "tiny")
    assert store.records() == []


# Fetching -----------------------------------------------------------------------------------------


class _Server(SimpleHTTPRequestHandler):
    """Serves a folder, by ranges if ``ranges``, and breaks off after ``limit`` bytes."""

    ranges = True
    limit: int | None = None
    asked: list[str | None]

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data, asked = path.read_bytes(), self.headers.get("Range")
        type(self).asked.append(asked)
        first = int(asked.removeprefix("bytes=").split("-")[0]) if asked and self.ranges else 0
        self.send_response(206 if asked and self.ranges else 200)
        if self.ranges:
            self.send_header("Accept-Ranges", "bytes")
            last = len(data) - 1
            if asked and asked.split("-")[1]:
                last = min(last, int(asked.split("-")[1]))
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            data = data[: last + 1]
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        sent = data[first:] if self.limit is None else data[first : first + self.limit]
        with suppress(ConnectionError):  # a reader that has enough
            self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str, type[_Server]]]:
    """A folder with a weights folder's files, its address and its server."""
    folder = tmp_path / "served"
    config = tiny_config()
    save_weights(tiny_model(config).state_dict(), config, folder, torch.float32)
    handler = type("_OwnServer", (_Server,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


def write_catalogue(folder: Path, origin: str, **changes: object) -> Path:
    """A catalogue of one model, ``remote``; ``changes`` are made to its weights' entry."""
    files = []
    for name in ("config.json", "model.safetensors"):
        data = (folder / name).read_bytes()
        hashed = hashlib.sha256(data).hexdigest()
        files.append({"path": name, "size": len(data), "sha256": hashed})
    files[1].update(changes)
    model = {"name": "remote", "origin": origin, "licence": "CC BY 4.0", "files": files}
    path = folder.parent / "catalogue.json"
    path.write_text(json.dumps({"format": 1, "models": [model]}))
    return path


def partial_file() -> Path:
    return store.models_folder() / ".remote.fetch" / "model.safetensors"


def test_a_fetched_model_is_verified_and_found(served: tuple[Path, str, type[_Server]]) -> None:
    folder, url, _ = served
    told = succeed("models", "fetch", "remote", "--catalogue", write_catalogue(folder, url))
    record = store.read_record(store.models_folder() / "remote")
    assert (record.origin, record.licence) == (url, "CC BY 4.0")
    assert record.fingerprint in told
    assert engine.load("remote", device="cpu").config["licence"] == "CC BY 4.0"
    assert [path.name for path in store.models_folder().iterdir()] == ["remote"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_transfer_goes_on(served: tuple[Path, str, type[_Server]], ranges: bool) -> None:
    folder, url, server = served
    catalogue = write_catalogue(folder, url)
    size = (folder / "model.safetensors").stat().st_size
    partial_file().parent.mkdir(parents=True)
    partial_file().write_bytes((folder / "model.safetensors").read_bytes()[: size // 2])
    server.ranges = ranges
    succeed("models", "fetch", "remote", "--catalogue", catalogue)
    assert server.asked[-1] == (f"bytes={size // 2}-{size - 1}" if ranges else None)
    assert store.find("remote") is not None


def test_a_transfer_that_breaks_off_is_told_and_kept(
    served: tuple[Path, str, type[_Server]],
) -> None:
    folder, url, server = served
    catalogue = write_catalogue(folder, url)
    server.limit = 2000
    fail("try again", "models", "fetch", "remote", "--catalogue", catalogue)
    assert store.find("remote") is None
    server.limit = None
    succeed("models", "fetch", "remote", "--catalogue", catalogue)


@pytest.mark.parametrize("changed", ["content", "longer", "catalogue"])
def test_a_wrong_hash_never_becomes_a_model(
    served: tuple[Path, str, type[_Server]], changed: str
) -> None:
    folder, url, _ = served
    wrong = {"sha256": "0" * 64} if changed == "catalogue" else {}
    catalogue = write_catalogue(folder, url, **wrong)
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    if changed == "content":
        data[-1] ^= 1
    elif changed == "longer":
        data += bytes(1 << 22)
    weights.write_bytes(data)
    fail("is not the file", "models", "fetch", "remote", "--catalogue", catalogue)
    assert store.find("remote") is None
    assert not partial_file().exists()


def test_weights_that_do_not_fit_never_become_a_model(
    served: tuple[Path, str, type[_Server]],
) -> None:
    folder, url, _ = served
    config = json.loads((folder / "config.json").read_text())
    config["network"]["width"] = 96
    (folder / "config.json").write_text(json.dumps(config))
    catalogue = write_catalogue(folder, url)
    fail("instead of", "models", "fetch", "remote", "--catalogue", catalogue)
    assert store.find("remote") is None


def test_fetching_a_foreign_checkpoint_imports_it(checkpoint: Path, tmp_path: Path) -> None:
    files = [path for path in sorted(checkpoint.rglob("*")) if path.is_file()]
    described = [
        {
            "path": str(path.relative_to(checkpoint)),
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in files
    ]
    model = {
        "name": "remote",
        "origin": f"file://{checkpoint}",
        "licence": "Apache-2.0",
        "files": described,
    }
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text(json.dumps({"format": 1, "models": [model]}))
    assert "can be fetched" in succeed("models", "list", "--catalogue", catalogue)
    assert "T5X" in succeed("models", "fetch", "remote", "--catalogue", catalogue)


def test_what_cannot_be_fetched_is_told(tmp_path: Path) -> None:
    fail("scorelane models import", "models", "fetch", "mt3")
    fail("no model 'unheard'", "models", "fetch", "unheard", status=2)
    folder = tmp_path / "served"
    config = tiny_config()
    save_weights(tiny_model(config).state_dict(), config, folder, torch.float32)
    for origin, reason in (
        ("nowhere://x", "cannot be opened"),
        (f"file://{tmp_path}/missing", "could not be fetched"),
        ("http://127.0.0.1:1", "could not be fetched (Cannot connect to host 127.0.0.1:1"),
    ):
        catalogue = write_catalogue(folder, origin)
        fail(reason, "models", "fetch", "remote", "--catalogue", catalogue)
    assert store.find("remote") is None


def test_only_fetch_opens_addresses(monkeypatch: pytest.MonkeyPatch, checkpoint: Path) -> None:
    import fsspec

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used unasked")

    monkeypatch.setattr(fsspec, "open", refuse)
    succeed("models", "import", checkpoint, "--name", "tiny")
    for command in (["list"], ["info", "tiny"], ["info", "mt3"], ["remove", "tiny"]):
        succeed("models", *command)


# The catalogue ------------------------------------------------------------------------------------


def test_the_users_catalogue_adds_to_ours(home: Path) -> None:
    assert set(entries()) == {"mt3", "ismir2021"}
    path = home / "config" / "scorelane" / "catalogue.json"
    path.parent.mkdir(parents=True)
    file = {"path": "a.pt", "url": "https://b/a", "size": 5, "sha256": "A" * 64}
    model = {"name": "own", "origin": "https://here", "licence": "MIT", "files": [file]}
    path.write_text(json.dumps({"format": 1, "models": [model]}))
    own = entries()["own"]
    assert isinstance(own, Entry)
    assert (own.size, own.sha256, own.files[0].url) == (5, "a" * 64, "https://b/a")


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "../up"},
        {"path": "/etc/passwd"},
        {"path": ""},
        {"sha256": "12"},
        {"size": -1},
        {"size": "5"},
    ],
)
def test_hostile_entries_are_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    file = {"path": "a.pt", "size": 5, "sha256": "a" * 64} | changes
    model = {"name": "own", "origin": "https://here", "licence": "MIT", "files": [file]}
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps({"format": 1, "models": [model]}))
    with pytest.raises(ModelError, match="model 1"):
        entries(path)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 2, "models": []}', '{"format": 1}'])
def test_broken_catalogues_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text(text)
    with pytest.raises(ModelError, match="catalogue"):
        entries(path)


def test_names_in_a_catalogue_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.json"
    model = {"name": "../own", "origin": "https://here", "licence": "MIT"}
    path.write_text(json.dumps({"format": 1, "models": [model]}))
    with pytest.raises(UsageError):
        entries(path)


def test_an_entry_without_files_is_not_fetched() -> None:
    with pytest.raises(ModelError, match="cannot be fetched"):
        fetch(entries()["mt3"], lambda have, total: None)

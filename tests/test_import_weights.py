"""Importing MT3's weights: both formats give the same numbers; whatever is wrong is told."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from scorelane.errors import ModelError
from scorelane.model.importing.importer import Imported, fingerprint, import_weights
from scorelane.model.importing.layout import parameters, supported_configurations
from scorelane.model.importing.source import listed
from scorelane.model.importing.t5x import T5XCheckpoint
from scorelane.model.layers import sinusoids
from scorelane.model.transformer import Transformer
from tiny_checkpoint import (
    hugging_face,
    t5x_tree,
    tiny_config,
    tiny_model,
    write_t5x,
    write_zarr,
)

CONFIGURATIONS = (tiny_config(), tiny_config(piano=True))
KERNEL = "decoder/logits_dense/kernel"
FRAGMENT = Path(__file__).parents[2] / "shared" / "mt3-checkpoint-sample"


def read(path: Path) -> Imported:
    return import_weights(path, CONFIGURATIONS)


def refused(path: Path, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read(path)


@pytest.fixture(scope="module")
def model() -> Transformer:
    return tiny_model(tiny_config())


@pytest.fixture(scope="module")
def arrays(model: Transformer) -> dict[str, NDArray[np.float32]]:
    return t5x_tree(model)


@pytest.fixture
def checkpoint(arrays: dict[str, NDArray[np.float32]], tmp_path: Path) -> Path:
    return write_t5x(arrays, tmp_path / "checkpoint_5")


def same(imported: Imported, model: Transformer) -> None:
    expected = model.state_dict()
    assert imported.tensors.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(imported.tensors[name], tensor), name


@pytest.mark.parametrize("piano", [False, True])
@pytest.mark.parametrize("chunks", [1, 3])
def test_t5x_checkpoints_give_every_number(tmp_path: Path, piano: bool, chunks: int) -> None:
    config = tiny_config(piano=piano)
    model = tiny_model(config)
    imported = read(write_t5x(t5x_tree(model), tmp_path / "c", chunks=chunks))
    same(imported, model)
    assert imported.config == config
    assert imported.kind == "T5X checkpoint"


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".safetensors"])
def test_state_dicts_give_every_number(model: Transformer, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mt3{suffix}"
    named = hugging_face(model)
    if suffix == ".safetensors":
        save_file({name: tensor.clone() for name, tensor in named.items()}, path)
    else:
        torch.save(named, path)
    same(read(path), model)


def test_state_dicts_as_trainers_wrap_them(model: Transformer, tmp_path: Path) -> None:
    named = {f"model.{name}": value for name, value in hugging_face(model).items()}
    named["model.encoder.pos_emb.emb"] = sinusoids(torch.arange(600), 64)
    torch.save({"state_dict": named, "epoch": 3}, tmp_path / "last.ckpt")
    same(read(tmp_path / "last.ckpt"), model)


def test_the_fingerprint_is_that_of_the_numbers(
    model: Transformer, checkpoint: Path, tmp_path: Path
) -> None:
    torch.save(hugging_face(model), tmp_path / "mt3.pth")
    first = read(checkpoint).fingerprint
    assert first == read(tmp_path / "mt3.pth").fingerprint == fingerprint(model.state_dict())
    other = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    other["decoder.norm.weight"][7] += 1e-6
    assert fingerprint(other) != first


def test_the_layout_covers_the_whole_network() -> None:
    for config in supported_configurations():
        wanted = parameters(config)
        assert len({p.t5x for p in wanted}) == len(wanted)
        with torch.device("meta"):
            shapes = {n: tuple(p.shape) for n, p in Transformer(config).named_parameters()}
        assert {p.name: p.shape for p in wanted} == shapes


@pytest.mark.skipif(not FRAGMENT.exists(), reason="the official fragment is not here")
def test_the_official_fragment_is_understood(tmp_path: Path) -> None:
    """Its index names every parameter; five arrays are whole, and the first has known numbers."""
    index = msgpack.unpackb((FRAGMENT / "checkpoint").read_bytes())["optimizer"]["target"]
    wanted = {p.t5x: p for p in parameters(supported_configurations()[0])}
    whole = [p for p in wanted if (FRAGMENT / f"target.{p.replace('/', '.')}").is_dir()]
    assert len(whole) == 5
    with pytest.raises(
        ModelError, match=r"^\d+ of 189 arrays are missing .*decoder\.layers_\{0-7\}\.mlp"
    ):
        T5XCheckpoint(FRAGMENT)

    def kept(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
        found = {}
        for key, value in tree.items():
            path = f"{prefix}{key}"
            if isinstance(value, dict) and "driver" not in value:
                found[key] = kept(value, f"{path}/")
            elif path in whole or not isinstance(value, dict):
                found[key] = value
                seen.append(path)
        return found

    seen: list[str] = []
    part = tmp_path / "part"
    shutil.copytree(FRAGMENT, part)
    (part / "checkpoint").chmod(0o644)
    packed = msgpack.packb({"version": 3, "optimizer": {"target": kept(index)}})
    (part / "checkpoint").write_bytes(packed)
    source = T5XCheckpoint(part)
    assert dict(source.shapes()) == {path: wanted[path].t5x_shape for path in seen}
    assert len(seen) == 5 + 8 * (2 + 3) + 2  # the norms' scales stand in the index
    for path in whole:
        array = source.read(path, wanted[path])
        raw = (FRAGMENT / f"target.{path.replace('/', '.')}" / "0.0").read_bytes()
        kernel = np.frombuffer(gzip.decompress(raw), "<f4").reshape(wanted[path].t5x_shape)
        assert np.array_equal(array, kernel.T)


def test_what_is_missing_extra_or_misshapen_is_told(
    arrays: dict[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    changed = dict(arrays)
    del changed["encoder/layers_1/mlp/wo/kernel"]
    changed["encoder/layers_2/mlp/wo/kernel"] = arrays["encoder/layers_1/mlp/wo/kernel"]
    changed[KERNEL] = arrays[KERNEL].T
    with pytest.raises(ModelError) as told:
        read(write_t5x(changed, tmp_path / "c"))
    assert "encoder/layers_1/mlp/wo/kernel is missing" in str(told.value)
    assert "encoder/layers_2/mlp/wo/kernel is unknown" in str(told.value)
    assert f"{KERNEL} has shape 1536 x 64 instead of 64 x 1536" in str(told.value)


def test_faults_that_differ_by_their_layer_are_told_together() -> None:
    layers = [f"encoder.block.{i}.layer.0 is missing" for i in (7, 0, 1, 2, 10)]
    told = listed([*layers, "decoder/layers_3/mlp is unknown", "x is missing"])
    assert told == (
        "encoder.block.{0-2,7,10}.layer.0 is missing; decoder/layers_3/mlp is unknown; x is missing"
    )
    assert listed([f"odd{i}" for i in range(1000)]).endswith("odd79; and 920 more")


def test_mixed_up_checkpoints_are_refused(model: Transformer, tmp_path: Path) -> None:
    named = hugging_face(model)
    named["proj.weight"] = named["proj.weight"] + 1
    torch.save(named, tmp_path / "doubles.pt")
    refused(tmp_path / "doubles.pt", "must hold the same numbers")
    torch.save({"lm_head.weight": torch.zeros(32128, 64)}, tmp_path / "t5.pt")
    refused(tmp_path / "t5.pt", r"32128 tokens instead of 1536 \(mt3\) or 1664 \(ismir2021\)")
    torch.save(model.state_dict(), tmp_path / "ours.pt")
    refused(tmp_path / "ours.pt", "no tokens")
    learned = hugging_face(model) | {"encoder.pos_emb.weight": torch.zeros(256, 64)}
    torch.save(learned, tmp_path / "positions.pt")
    refused(tmp_path / "positions.pt", "positions other than")


def test_numbers_that_are_not_finite_are_refused(
    arrays: dict[str, NDArray[np.float32]], model: Transformer, tmp_path: Path
) -> None:
    broken = arrays[KERNEL].copy()
    broken[3, 5] = np.nan
    refused(write_t5x({**arrays, KERNEL: broken}, tmp_path / "c"), "not finite")
    named = hugging_face(model)
    named["lm_head.weight"] = torch.from_numpy(np.ascontiguousarray(broken.T))
    torch.save(named, tmp_path / "nan.pt")
    refused(tmp_path / "nan.pt", r"lm_head\.weight holds numbers that are not finite")


@pytest.mark.parametrize(
    "place", ["../secret/", "/etc/", "a/../../secret", ".", "", "target\0", "link/"]
)
def test_paths_out_of_the_checkpoint_are_refused(
    arrays: dict[str, NDArray[np.float32]], tmp_path: Path, place: str
) -> None:
    write_zarr(arrays[KERNEL], tmp_path / "secret")
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    refused(write_t5x(arrays, folder, places={KERNEL: place}), "points out of its folder")


def test_chunks_must_not_be_links_out_of_the_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    chunk = checkpoint / "target.decoder.logits_dense.kernel" / "0.0"
    shutil.move(chunk, tmp_path / "elsewhere")
    chunk.symlink_to(tmp_path / "elsewhere")
    refused(checkpoint, "points out of its folder")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shape": [1 << 40, 1 << 40]}, "claims"),
        ({"shape": [1 << 40, 1 << 40], "chunks": [1, 1]}, "claims"),
        ({"shape": [64, 1536], "chunks": [1, 1]}, "cut into 98304 chunks"),
        ({"chunks": [1 << 40, 1536]}, "chunks are larger"),
        ({"shape": [-1, 5]}, "shape makes no sense"),
        ({"shape": [64, True]}, "shape makes no sense"),
        ({"shape": "64"}, "shape makes no sense"),
        ({"dtype": "|O"}, "instead of floating-point numbers"),
        ({"dtype": ["<f4"]}, "instead of floating-point numbers"),
        ({"compressor": {"id": "blosc"}}, "compressed in a way"),
        ({"filters": [{"id": "pickle"}]}, "compressed in a way"),
        ({"zarr_format": 3}, "version 2"),
    ],
)
def test_hostile_headers_are_refused(
    checkpoint: Path, change: dict[str, object], reason: str
) -> None:
    header = checkpoint / "target.decoder.logits_dense.kernel" / ".zarray"
    header.write_text(json.dumps(json.loads(header.read_text()) | change))
    refused(checkpoint, reason)


SIZE = 64 * 1536 * 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(bytes(1 << 28), 9), f"more than {SIZE} bytes"),
        (gzip.compress(bytes(SIZE)) * 2, f"more than {SIZE} bytes"),
        (gzip.compress(bytes(SIZE - 1)), f"less than {SIZE} bytes"),
        (gzip.compress(np.arange(SIZE, dtype="u1"))[:-2000], f"less than {SIZE} bytes"),
        (b"not gzip", "corrupt"),
        (b"", f"less than {SIZE} bytes"),
    ],
    ids=["bomb", "two members", "short", "truncated", "noise", "empty"],
)
def test_bombs_and_broken_chunks_are_refused(checkpoint: Path, content: bytes, reason: str) -> None:
    (checkpoint / "target.decoder.logits_dense.kernel" / "0.0").write_bytes(content)
    refused(checkpoint, reason)


def test_a_missing_chunk_or_array_is_told(checkpoint: Path) -> None:
    array = checkpoint / "target.decoder.logits_dense.kernel"
    (array / "0.0").unlink()
    refused(checkpoint, "chunk 0.0 is missing")
    shutil.rmtree(array)
    (checkpoint / "target.encoder.layers_1.mlp.wo.kernel" / ".zarray").unlink()
    with pytest.raises(ModelError, match=r"^2 of 51 arrays are missing") as told:
        read(checkpoint)
    for name in ("decoder.logits_dense.kernel", "encoder.layers_1.mlp.wo.kernel"):
        assert f"target.{name} (" in str(told.value)


@pytest.mark.parametrize("name", [".zarray", ".zattrs", "0.0"])
def test_pipes_are_not_waited_for(checkpoint: Path, name: str) -> None:
    array = checkpoint / "target.decoder.logits_dense.kernel"
    (array / name).unlink(missing_ok=True)
    os.mkfifo(array / name)
    refused(checkpoint, r"arrays are missing|chunk 0\.0 is missing|has a file \.zattrs")


def _nested(depth: int) -> bytes:
    return b"\x81\xa1a" * depth + b"\xc0"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cut short"),
        (b"\x93", "cut short"),
        (b"\xdf\xff\xff\xff\xff", "cut short"),
        (_nested(100_000), "not the index"),
        (msgpack.packb([1, 2]), "holds no map"),
        (msgpack.packb({"optimizer": 3}), "no optimizer/target"),
        (msgpack.packb({"optimizer": {"target": {"a": 1}}}), "neither an array nor a map"),
        (
            b"\x81\xa9optimizer\x81\xa6target" + _nested(60),
            "nested too deeply",
        ),
        (
            msgpack.packb({"optimizer": {"target": {"a": msgpack.ExtType(3, b"x")}}}),
            "extension type 3",
        ),
        (
            msgpack.packb({"optimizer": {"target": {"a": msgpack.ExtType(1, b"\x91\x91\xa1x")}}}),
            "not an array",
        ),
        (
            msgpack.packb({"optimizer": {"target": {"a": {"driver": "n5"}}}}),
            "not kept as zarr",
        ),
    ],
)
def test_broken_indexes_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "checkpoint").write_bytes(content)
    refused(tmp_path, reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([(1 << 50,), "float32", b"1234"], "has shape 1125899906842624 instead of 64"),
        ([(64,), "float32", bytes(8)], "another size than it claims"),
        ([(64,), "object", bytes(256)], "only floating-point numbers"),
        ([(64,), ["float32"], bytes(256)], "only floating-point numbers"),
    ],
)
def test_hostile_arrays_in_the_index_are_refused(
    checkpoint: Path, content: list[object], reason: str
) -> None:
    index = msgpack.unpackb((checkpoint / "checkpoint").read_bytes())
    norm = index["optimizer"]["target"]["decoder"]["decoder_norm"]
    norm["scale"] = msgpack.ExtType(1, msgpack.packb(content))
    (checkpoint / "checkpoint").write_bytes(msgpack.packb(index))
    refused(checkpoint, reason)


def test_truncated_indexes_never_pass(checkpoint: Path) -> None:
    whole = (checkpoint / "checkpoint").read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        (checkpoint / "checkpoint").write_bytes(whole[:length])
        refused(checkpoint, "cut short")


class _Runs:
    """A pickle that runs code when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (Path.touch, (self.path,))


def test_pickles_with_code_are_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"lm_head.weight": _Runs(tmp_path / "ran")}, tmp_path / "evil.pt")
    refused(tmp_path / "evil.pt", "more than weights and was not opened")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(_Runs(tmp_path / "ran")))
    refused(tmp_path / "plain.pt", "not a state dict that torch wrote")
    assert not (tmp_path / "ran").exists()


def test_zip_bombs_are_refused(model: Transformer, tmp_path: Path) -> None:
    torch.save(hugging_face(model), tmp_path / "good.pt")
    with (
        zipfile.ZipFile(tmp_path / "good.pt") as good,
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in good.infolist():
            bomb.writestr(entry.filename, good.read(entry))
        bomb.writestr("good/data/999", bytes(1 << 26))
    refused(tmp_path / "bomb.pt", "unpack to more than its own size")


def test_truncated_state_dicts_are_refused(model: Transformer, tmp_path: Path) -> None:
    torch.save(hugging_face(model), tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    (tmp_path / "short.pt").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "short.pt", "cut short")
    save_file({"lm_head.weight": torch.zeros(1536, 64)}, tmp_path / "short.safetensors")
    data = (tmp_path / "short.safetensors").read_bytes()
    (tmp_path / "short.safetensors").write_bytes(data[:-10])
    refused(tmp_path / "short.safetensors", "cannot be read as safetensors")


def test_tensors_that_claim_giant_shapes_are_refused(model: Transformer, tmp_path: Path) -> None:
    named = hugging_face(model)
    named["encoder.final_layer_norm.weight"] = torch.zeros(1).expand(1 << 40)
    torch.save(named, tmp_path / "giant.pt")
    refused(tmp_path / "giant.pt", "has shape 1099511627776 instead of 64")


@pytest.mark.parametrize(
    "value", [3, torch.zeros(2, 2).to_sparse(), torch.zeros(2, dtype=torch.complex64)]
)
def test_what_is_no_plain_tensor_is_refused(tmp_path: Path, value: object) -> None:
    torch.save({"lm_head.weight": value}, tmp_path / "odd.pt")
    refused(tmp_path / "odd.pt", "not a plain array")


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_numbers_must_be_floating_point(
    model: Transformer, tmp_path: Path, dtype: torch.dtype
) -> None:
    torch.save({name: t.to(dtype) for name, t in hugging_face(model).items()}, tmp_path / "i.pt")
    refused(tmp_path / "i.pt", "only floating-point numbers")


def test_half_precision_is_read_as_it_is(model: Transformer, tmp_path: Path) -> None:
    half = {name: tensor.half() for name, tensor in hugging_face(model).items()}
    torch.save(half, tmp_path / "half.pt")
    logits = read(tmp_path / "half.pt").tensors["decoder.logits.weight"]
    assert torch.equal(logits, half["lm_head.weight"].float())


def test_what_holds_no_weights_is_told(tmp_path: Path) -> None:
    refused(tmp_path, "holds no checkpoint")
    refused(tmp_path / "nothing", "There is no")
    torch.save([1, 2], tmp_path / "list.pt")
    refused(tmp_path / "list.pt", "no state dict but list")

"""One zarr v2 array of a checkpoint: its header is checked first, its chunks are bounded.

zarr itself trusts what it reads: a header may claim any shape, and a small chunk may decompress to
gigabytes. So nothing reaches it before sizes have been proved.
"""

from __future__ import annotations

import errno
import itertools
import json
import math
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from scorelane.errors import ModelError
from scorelane.model.importing.layout import Shape
from scorelane.model.importing.source import FloatArray, printable

HEADER = ".zarray"
ATTRIBUTES = ".zattrs"

_LARGEST_HEADER = 1 << 16
_LARGEST_ARRAY = 1 << 30  # bytes; the largest of MT3 has 3.4 MB
_MOST_CHUNKS = 4096
_TYPES = ("<f4", "<f8", "<f2")
_COMPRESSORS = (None, "gzip", "zlib")
_READ = 1 << 20


class MissingArrayError(ModelError):
    """The folder of an array, or its header, is not there."""


class ZarrArray:
    """The array in the folder ``place`` of the checkpoint ``root``.

    Raises :class:`ModelError` when the place lies outside the checkpoint or the header is not that
    of a plain array of numbers, :class:`MissingArrayError` when there is none.
    """

    def __init__(self, root: Path, place: str) -> None:
        self._path = _inside(root, place)
        header = self._header()
        self.shape: Shape = _sizes(header.get("shape"))
        self._chunks = _sizes(header.get("chunks"))
        self._separator = header.get("dimension_separator", ".")
        compressor = header.get("compressor")
        self._compressor = compressor.get("id") if isinstance(compressor, dict) else compressor
        dtype = header.get("dtype")
        fault = None
        if header.get("zarr_format") != 2:
            fault = "it is not of zarr's version 2"
        elif dtype not in _TYPES:
            fault = f"it holds {printable(dtype)} instead of floating-point numbers"
        elif header.get("filters") or self._compressor not in _COMPRESSORS:
            fault = "it is compressed in a way that T5X does not use"
        elif not self.shape or len(self.shape) > 4 or len(self._chunks) != len(self.shape):
            fault = "its shape makes no sense"
        elif any(c > s for c, s in zip(self._chunks, self.shape, strict=True)):
            fault = "its chunks are larger than the array"
        elif self._separator not in (".", "/"):
            fault = "its chunks have unknown names"
        if fault:
            raise self._damaged(fault)
        self._item = np.dtype(dtype).itemsize
        if math.prod(self.shape) * self._item > _LARGEST_ARRAY:
            raise self._damaged(f"it claims {math.prod(self.shape):.3g} numbers")

    def read(self, name: str) -> FloatArray:
        """All numbers; ``name`` is for messages. Raises :class:`ModelError`."""
        import zarr

        self._prove_chunks()
        if os.path.lexists(self._path / ATTRIBUTES):  # zarr would read it, whatever it is
            raise self._damaged(f"it has a file {ATTRIBUTES}, which T5X does not write")
        try:
            array = zarr.open_array(store=str(self._path), mode="r", zarr_format=2)[...]
        except Exception as error:  # zarr's codecs raise whatever they trip over
            raise ModelError(f"{name} cannot be read: {printable(error)}") from error
        return np.asarray(array, dtype=np.float32)

    def _header(self) -> dict[str, Any]:
        path = _inside(self._path, HEADER)
        try:
            with _open_plain(path) as file:
                header = json.loads(file.read(_LARGEST_HEADER))
        except OSError as error:
            raise MissingArrayError(f"{self._path.name} ({error.strerror})") from error
        except (ValueError, RecursionError) as error:
            raise self._damaged("its header cannot be understood") from error
        if not isinstance(header, dict):
            raise self._damaged("its header cannot be understood")
        return header

    def _prove_chunks(self) -> None:
        """Every chunk is there and holds exactly as many bytes as the header says."""
        counts = [-(-s // c) for s, c in zip(self.shape, self._chunks, strict=True)]
        if math.prod(counts) > _MOST_CHUNKS:
            raise self._damaged(f"it is cut into {math.prod(counts)} chunks")
        size = math.prod(self._chunks) * self._item
        for index in itertools.product(*(range(count) for count in counts)):
            name = self._separator.join(map(str, index))
            chunk = _inside(self._path, name)
            try:
                found = self._unpacked_size(chunk, size)
            except OSError as error:
                raise self._damaged(f"chunk {name} is missing ({error.strerror})") from error
            except zlib.error as error:
                raise self._damaged(f"chunk {name} is corrupt") from error
            if found != size:
                more = "more" if found > size else "less"
                raise self._damaged(f"chunk {name} holds {more} than {size} bytes")

    def _unpacked_size(self, chunk: Path, limit: int) -> int:
        """Bytes that ``chunk`` decompresses to, at most ``limit`` + 1."""
        if self._compressor is None:
            with _open_plain(chunk) as file:
                return file.seek(0, os.SEEK_END)
        unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its first bytes
        total = 0
        with _open_plain(chunk) as file:
            while not unpack.eof and total <= limit:
                data = unpack.unconsumed_tail or file.read(_READ)
                if not data:
                    break
                total += len(unpack.decompress(data, min(_READ, limit + 1 - total)))
            trailing = unpack.unused_data or file.read(1)
        # A second gzip member after the first would be decompressed as well.
        return limit + 1 if trailing and total <= limit else total

    def _damaged(self, fault: str) -> ModelError:
        return ModelError(
            f"The array {self._path.name} of the checkpoint cannot be used: {fault}; get the "
            "checkpoint again."
        )


def _open_plain(path: Path) -> BinaryIO:
    """Open a file for reading; a pipe or a device, which could keep us waiting, is none."""
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
    return path.open("rb")


def _inside(root: Path, place: str) -> Path:
    """The path of ``place`` below ``root``; symbolic links must not lead out either."""
    path = root / place
    try:
        inner = path.resolve().relative_to(root.resolve())
    except (ValueError, OSError, RuntimeError):
        inner = Path()
    if "\0" in place or inner == Path() or Path(place).is_absolute():
        raise ModelError(
            f"The checkpoint's index points out of its folder ({printable(place)}); it is not "
            "to be trusted."
        )
    return path


def _sizes(value: object) -> Shape:
    """A list of positive whole numbers, or nothing."""
    if not isinstance(value, list):
        return ()
    good = all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in value)
    return tuple(value) if good else ()

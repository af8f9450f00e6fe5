"""Columns from duckdb through the Arrow C stream interface, without a copy in Python objects.

duckdb offers a streaming result to other libraries as a PyCapsule with a C struct in it, described
at https://arrow.apache.org/docs/format/CStreamInterface.html (and CDataInterface for the arrays).
Reading that struct takes little code, and spares a dependency of 170 MB; it is the one way by which
rows leave duckdb in pieces and in columns.
"""

from __future__ import annotations

import ctypes
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from offbook.adapters.brokers.replay.numbers import BoolColumn, FloatColumn
from offbook.domain.market_data import IntColumn


class _Schema(ctypes.Structure):
    _fields_: ClassVar[Any]


class _Array(ctypes.Structure):
    _fields_: ClassVar[Any]


class _Stream(ctypes.Structure):
    _fields_: ClassVar[Any]


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    (
        "get_schema",
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema)),
    ),
    (
        "get_next",
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array)),
    ),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))),
    ("private_data", ctypes.c_void_p),
]

_stream_address = ctypes.pythonapi.PyCapsule_GetPointer
_stream_address.restype = ctypes.c_void_p
_stream_address.argtypes = [ctypes.py_object, ctypes.c_char_p]


class ArrowFailure(Exception):
    """The producer of a stream gave up, with this message."""


class ArrowStream:
    """A stream of batches, for one thread at a time.

    ``capsule`` is what ``__arrow_c_stream__()`` returns; the caller keeps its owner alive.
    """

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule
        address = _stream_address(capsule, b"arrow_array_stream")
        self._stream = _Stream.from_address(address)
        self._formats = self._read_schema()

    def next(self) -> ArrowBatch | None:
        """The next batch, of one row at least, to be released by the caller; None at the end.

        Raises ArrowFailure. The call into the producer lets other threads run.
        """
        while True:
            array = _Array()
            self._check(self._stream.get_next(self._stream, array))
            if not array.release:
                return None
            batch = ArrowBatch(array, self._formats)
            if batch.rows:
                return batch
            batch.release()

    def close(self) -> None:
        """End the query and free what it holds; a second time does nothing."""
        if self._stream.release:
            self._stream.release(self._stream)

    def _read_schema(self) -> dict[str, tuple[int, str]]:
        schema = _Schema()
        self._check(self._stream.get_schema(self._stream, schema))
        try:
            fields = [schema.children[index].contents for index in range(schema.n_children)]
            return {
                field.name.decode(): (index, field.format.decode())
                for index, field in enumerate(fields)
            }
        finally:
            schema.release(schema)

    def _check(self, code: int) -> None:
        if code:
            message: bytes | None = self._stream.get_last_error(self._stream)
            raise ArrowFailure((message or b"the query failed").decode(errors="replace"))


class ArrowBatch:
    """Some rows in columns. What is taken from it is copied, and outlives its release."""

    def __init__(self, array: Any, formats: dict[str, tuple[int, str]]) -> None:
        self._array = array
        self._formats = formats
        self.rows: int = array.length

    def release(self) -> None:
        """Give the memory back to the producer; a second time does nothing."""
        if self._array.release:
            self._array.release(self._array)

    def integers(self, name: str) -> tuple[IntColumn, BoolColumn]:
        """A BIGINT column, and where it is not null."""
        column = self._column(name, "l")
        values = self._values(column, np.dtype(np.int64), 1)
        return values.copy(), self._valid(column)

    def doubles(self, name: str) -> tuple[FloatColumn, BoolColumn]:
        """A DOUBLE column, and where it is not null."""
        column = self._column(name, "g")
        values: FloatColumn = self._values(column, np.dtype(np.float64), 1)
        return values.copy(), self._valid(column)

    def decimals(self, name: str) -> tuple[IntColumn, BoolColumn, dict[int, int]]:
        """A DECIMAL column in units of its scale, where it is not null, and by row what exceeds
        int64 (the column then holds something else)."""
        column = self._column(name, "d:")
        halves = self._values(column, np.dtype(np.int64), 2).reshape(-1, 2)
        low, valid = halves[:, 0].copy(), self._valid(column)
        # The upper half of a 128 bit number that fits in 64 bits repeats the sign of the lower.
        beyond = np.flatnonzero(valid & (halves[:, 1] != low >> 63)).tolist()
        huge = {
            row: int(halves[row, 1]) << 64 | int(low[row]) & 0xFFFF_FFFF_FFFF_FFFF for row in beyond
        }
        return low, valid, huge

    def texts(self, name: str) -> dict[int, str]:
        """A VARCHAR column: row -> text, where it is not null."""
        column = self._column(name, "u")
        rows = np.flatnonzero(self._valid(column)).tolist()
        if not rows:
            return {}
        offsets = self._buffer(column, 1, np.dtype(np.int32), column.offset + self.rows + 1)
        offsets = offsets[column.offset :]
        data = self._buffer(column, 2, np.dtype(np.uint8), int(offsets[-1]))
        return {
            row: data[offsets[row] : offsets[row + 1]].tobytes().decode(errors="replace")
            for row in rows
        }

    def _column(self, name: str, expected: str) -> Any:
        index, found = self._formats[name]
        if not found.startswith(expected):
            raise ArrowFailure(f"column {name} came as Arrow format {found!r}, not {expected!r}")
        return self._array.children[index].contents

    def _values(self, column: Any, dtype: np.dtype[Any], width: int) -> npt.NDArray[Any]:
        begin = column.offset * width
        end = begin + self.rows * width
        return self._buffer(column, 1, dtype, end)[begin:]

    def _valid(self, column: Any) -> BoolColumn:
        if column.null_count == 0 or not column.buffers[0]:
            return np.ones(self.rows, dtype=np.bool_)
        end = column.offset + self.rows
        bits = self._buffer(column, 0, np.dtype(np.uint8), -(-end // 8))
        flags = np.unpackbits(bits, count=end, bitorder="little")[column.offset :]
        return flags.astype(np.bool_)

    @staticmethod
    def _buffer(column: Any, index: int, dtype: np.dtype[Any], count: int) -> npt.NDArray[Any]:
        """A view of the producer's memory, valid until the batch is released."""
        if count == 0:
            return np.empty(0, dtype)
        size = count * dtype.itemsize
        memory = memoryview((ctypes.c_char * size).from_address(column.buffers[index]))
        values: npt.NDArray[Any] = np.ndarray(count, dtype, memory)
        return values

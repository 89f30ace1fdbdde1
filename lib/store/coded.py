"""Columns of texts as places in a list of words: most texts of events repeat."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

TEXT = pa.dictionary(pa.int32(), pa.string())
CODES = (pa.int8(), pa.int16(), pa.int32())
"""The types of places, the narrowest first."""


def is_coded(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind))


def own_words(column: pa.Array) -> pa.Array:
    """A column of texts with the words that it uses, and no others; other columns as they are."""
    if not is_coded(column.type):
        return column
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(column.dictionary)))
    places = np.full(len(column.dictionary) + 1, -1, np.int32)  # the last one is for what is not known
    places[used] = np.arange(len(used))
    codes = pa.array(np.maximum(places[codes], 0), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(codes, column.dictionary.take(pa.array(used)))


def joined(pieces: Sequence[pa.Array]) -> pa.Array:
    """One column of several of the same type; each may have words of its own.

    Not by Arrow's `unify_dictionaries`, nowhere in this house: it follows the places of unknown texts too,
    which may be anything, and reads memory that is not there.
    """
    return pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces)


def compact(column: pa.Array) -> pa.Array:
    """The same texts with places that take as few bytes as they can."""
    if not is_coded(column.type):
        return column
    most = len(column.dictionary)
    kind = next(kind for kind in CODES if most <= 2 ** (kind.bit_width - 1))
    return pa.DictionaryArray.from_arrays(column.indices.cast(kind), column.dictionary)

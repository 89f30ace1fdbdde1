"""Columns of texts as places in lists of words."""

import numpy as np
import pyarrow as pa
import pytest

from lib.config import ROOT
from lib.store.coded import TEXT, compact, joined, own_words

ANYWHERE = 2**30
"""The place of a text that is not known may be any number: nobody may look there."""


def column(*texts):
    """With places that lead nowhere for the texts that are not known."""
    words = sorted({text for text in texts if text is not None})
    places = np.array([ANYWHERE if text is None else words.index(text) for text in texts], np.int32)
    unknown = np.array([text is None for text in texts], bool)
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=unknown), pa.array(words, pa.string()))


@pytest.mark.parametrize("change", [lambda made: made, own_words, compact])
def test_columns_are_joined_whatever_lies_under_what_is_not_known(change):
    pieces = [column("b", None, "a"), column(None, None), column("c", "a", None), pa.nulls(2, TEXT)]
    parts = [joined([own_words(piece) for piece in pieces[:2]]), joined(pieces[2:])]
    assert change(joined(parts)).to_pylist() == ["b", None, "a", None, None, "c", "a", None, None, None]


def test_a_column_keeps_only_the_words_that_it_uses():
    found = own_words(column("b", None, "a", "c").slice(0, 2))
    assert found.dictionary.to_pylist() == ["b"]
    assert found.to_pylist() == ["b", None]


def test_nothing_unifies_dictionaries_by_what_lies_under_unknown_texts():
    """Arrow 26 reads beyond its list there, and the process ends."""
    sources = [path for path in (ROOT / "lib").rglob("*.py") if path.name != "coded.py"]
    assert [path for path in sources if "unify_dictionaries" in path.read_text(encoding="utf-8")] == []

"""Rows on disk: of any campaigns, in the order in which they came, however mixed they lie."""

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.store.coded import TEXT
from lib.store.stack import AT_ONCE, Stack

SCHEMA = pa.schema({"campaign": TEXT, "row": pa.int64(), "word": TEXT, "rare": TEXT, "number": pa.float64()})
CAMPAIGNS = [f"c{number}" for number in range(12)]


def a_stack(folder, chance, blocks, most):
    """A stack of so many blocks, and its rows by campaign."""
    stack, known, number = Stack(folder, SCHEMA), {name: [] for name in CAMPAIGNS}, 0
    for block in range(blocks):
        rows = []
        for _ in range(chance.randint(0, most)):
            number += 1
            word = chance.choice([None, "a", "b", f"word {chance.randint(0, 40)}"])
            rare = "rare" if block % 7 == 3 and chance.random() < 0.2 else None
            rows.append(
                {
                    "campaign": chance.choice(CAMPAIGNS[:-1]),
                    "row": number,
                    "word": word,
                    "rare": rare,
                    "number": chance.choice([None, 1.5, 2.0]),
                }
            )
        for row in rows:
            known[row["campaign"]].append(row)
        stack.add(pa.Table.from_pylist(rows, schema=SCHEMA))
    return stack, known


def is_given_back(stack, known, chance):
    asked = chance.sample(CAMPAIGNS, chance.randint(1, len(CAMPAIGNS)))
    names = chance.sample(SCHEMA.names, chance.randint(1, len(SCHEMA.names)))
    held = stack.rows(asked, names)
    expected = [{name: row[name] for name in names} for campaign in asked for row in known[campaign]]
    assert held.events.to_pylist() == expected
    assert held.starts.tolist() == [
        sum(len(known[one]) for one in asked[:end]) for end in range(len(asked) + 1)
    ]
    assert [stack.size(campaign) for campaign in asked] == [len(known[campaign]) for campaign in asked]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_each_campaign_has_its_rows_in_the_order_in_which_they_came(tmp_path_factory, seed):
    chance = random.Random(seed)
    stack, known = a_stack(tmp_path_factory.mktemp("stack"), chance, chance.randint(0, 9), 30)
    is_given_back(stack, known, chance)


@pytest.mark.parametrize("most", [1, 40])
def test_rows_of_more_blocks_than_are_looked_at_together_are_put_together(tmp_path, most):
    chance = random.Random(most)
    stack, known = a_stack(tmp_path, chance, AT_ONCE * 3, most)
    for _ in range(20):
        is_given_back(stack, known, chance)

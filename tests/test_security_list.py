"""The list of what must hold (docs/security.md) and the tests name the same things."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LIST = (HERE.parent / "docs" / "security.md").read_text(encoding="utf-8")
ID = re.compile(r"\b[TGSLMDX][0-9]{1,2}\b")
LISTED = set(re.findall(r"^\| ([A-Z][0-9]+) \|", LIST, re.M))


def ids_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    places = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = (ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, places))
    return {found for text in texts for found in ID.findall(text)}


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.py")), ids=lambda path: path.name)
def test_every_id_that_a_test_names_stands_in_the_list(path):
    assert ids_in(path) <= LISTED


def test_every_test_that_the_list_names_names_the_id_too():
    lines = re.findall(r"^\| ([A-Z][0-9]+) \| .* \| (.*) ?\|$", LIST, re.M)
    named = [(known, name) for known, tests in lines for name in re.findall(r"`(.*?)`", tests)]
    assert len(lines) == len(LISTED) < len(named)
    assert [pair for pair in named if pair[0] not in ids_in(HERE / pair[1])] == []

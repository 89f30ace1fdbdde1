"""The pages: the guard comes first, they are short, know few rooms, and show a stranger nothing."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.ui.places import FOR_ANALYSTS, FOR_VIEWERS, PLACES

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(page for page in (ROOT / "pages").glob("*.py") if page.stem != "__init__")
GUARDS = {"session.require_analyst()", "session.require_viewer()"}
ROOMS = {"lib.charts", "lib.model", "lib.reports", "lib.shares", "lib.ui"}
SHOWN = ("title", "header", "metric", "dataframe", "table", "markdown", "text", "button", "caption")
LONGEST = 60

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def statements(page: Path) -> list[ast.stmt]:
    return ast.parse(page.read_text(encoding="utf-8")).body


@each_page
def test_the_guard_comes_first(page):
    first = next(node for node in statements(page)[1:] if not isinstance(node, ast.Import | ast.ImportFrom))
    assert isinstance(first, ast.Assign)
    assert ast.unparse(first.value) in GUARDS


@each_page
def test_a_page_is_guarded_for_those_it_is_registered_for(page):
    wanted = "session.require_viewer()" if PLACES[page.stem] in FOR_VIEWERS else "session.require_analyst()"
    assert wanted in page.read_text(encoding="utf-8")


@each_page
def test_a_page_begins_with_the_question_it_answers(page):
    assert ast.get_docstring(ast.parse(page.read_text(encoding="utf-8")))


@each_page
def test_a_page_has_at_most_sixty_lines_and_no_functions(page):
    assert len(page.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert not [node for node in statements(page) if isinstance(node, ast.FunctionDef | ast.ClassDef)]


@each_page
def test_a_page_knows_few_rooms(page):
    for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lib"):
            rooms = {f"lib.{name.name}" for name in node.names} if node.module == "lib" else {node.module}
            assert all(
                any(room == known or room.startswith(known + ".") for known in ROOMS) for room in rooms
            )


@each_page
def test_a_stranger_who_reaches_a_page_alone_sees_nothing(page, workspace):
    """Streamlit can run a file of pages/ without the frame, so each page guards itself."""
    alone = AppTest.from_file(page).run()
    assert not alone.exception
    assert not [name for name in SHOWN if alone.get(name)]


def test_every_page_has_an_address_and_every_address_a_page():
    assert {page.stem for page in PAGES} == {place.name for place in FOR_ANALYSTS + FOR_VIEWERS}

"""Imports on the screen: what came of a file, what was refused, and taking it back."""

import html

import pytest
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.importers import bring_in, samples
from lib.shares import analysts
from lib.store import library
from lib.ui import cache, importing
from tests import worlds
from tests.screens import PATIENCE, add_analyst, analyst_cookie, frame, hold, texts


@pytest.fixture
def analyst(workspace, monkeypatch):
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    return workspace


def ask_undo():
    from lib.ui import importing  # noqa: PLC0415 - AppTest runs the source of this function alone

    importing.confirm_undo(1, "events.csv", 19)


def upload(at, *files):
    at.file_uploader[0].set_value([(name, content, "text/csv") for name, content in files])
    at.run()
    return next(button for button in at.button if button.label == "Import").click().run()


def test_a_file_is_counted_row_by_row(analyst, tmp_path):
    content = worlds.write_events(tmp_path / "events.csv").read_bytes()
    at = upload(frame("imports").run(), ("events.csv", content))
    assert not at.exception
    rows = len(worlds.SPRING)
    assert at.success[0].value == f"{rows} rows read = {rows} imported + 0 duplicate + 0 rejected"
    assert at.dataframe[0].value["file_name"].tolist() == ["events.csv"]


def test_the_same_file_twice_is_all_duplicate(analyst, tmp_path):
    content = worlds.write_events(tmp_path / "events.csv").read_bytes()
    upload(frame("imports").run(), ("events.csv", content))
    at = upload(frame("imports").run(), ("events.csv", content))
    assert f"0 imported + {len(worlds.SPRING)} duplicate" in at.info[0].value


def test_rejected_rows_are_listed_with_line_and_reason(analyst):
    content = b"campaign,recipient,kind,at\nspring,ann@x.example,sent,\nspring,bob@x.example,danced,\n"
    at = upload(frame("imports").run(), ("events.csv", content))
    assert not at.exception
    assert "1 rejected" in at.success[0].value
    rejects = at.dataframe[0].value
    assert rejects["Line"].tolist() == ["3"]
    assert rejects["Reason"].iloc[0]


def test_rejected_rows_are_explained_in_the_language_of_the_analyst(analyst):
    (ada,) = analysts.list_all(analyst.records)
    analysts.set_language(analyst.records, ada.id, "fr")
    at = frame("imports").run()
    at.file_uploader[0].set_value([("events.csv", b"campaign,recipient,kind\nspring,ann,sent\n", "text/csv")])
    at.run()
    next(button for button in at.button if button.label == "Importer").click().run()
    assert not at.exception
    rejects = at.dataframe[0].value
    assert rejects["Motif"].tolist() == ["recipient\u00a0: «\u00a0ann\u00a0» n’est pas une adresse e-mail."]


def test_a_file_of_no_known_kind_is_refused_with_its_name_as_it_is(analyst):
    at = upload(frame("imports").run(), ("junk *b*.csv", b"a,b\n1,2\n"))
    assert not at.exception
    assert at.error
    assert "*" not in at.error[0].value
    assert cache.imports(analyst.analytics).empty


def test_the_upload_is_not_kept(analyst, tmp_path):
    content = worlds.write_events(tmp_path / "events.csv").read_bytes()
    upload(frame("imports").run(), ("events.csv", content))
    assert list((analyst.settings.data / "incoming").iterdir()) == []


def test_undo_says_what_vanishes_and_takes_the_import_back(analyst, tmp_path, monkeypatch):
    outcome = bring_in(
        analyst.analytics, worlds.write_events(tmp_path / "events.csv"), by="test", now=wiring.now()
    )

    at = AppTest.from_function(ask_undo, default_timeout=PATIENCE).run()
    assert not at.exception
    assert "19 rows" in texts(at)
    next(button for button in at.button if button.label == "Undo import").click().run()
    states = library.imports_list(analyst.records).set_index("id")["state"]
    assert states[outcome.id] == "undone"


def test_a_stranger_can_not_undo(analyst, tmp_path, monkeypatch):
    outcome = bring_in(
        analyst.analytics, worlds.write_events(tmp_path / "events.csv"), by="test", now=wiring.now()
    )

    at = AppTest.from_function(ask_undo, default_timeout=PATIENCE).run()
    hold(monkeypatch, {})
    next(button for button in at.button if button.label == "Undo import").click().run()
    assert library.imports_list(analyst.records).set_index("id")["state"][outcome.id] == "live"


def test_samples_are_removed_with_one_click_and_nothing_else(analyst, tmp_path, monkeypatch):
    folder = tmp_path / "sample"
    folder.mkdir()
    worlds.write_events(folder / "events.csv", native_id="sampled")
    bring_in(analyst.analytics, folder, by="samples", now=wiring.now(), sample=True)
    bring_in(analyst.analytics, worlds.write_events(tmp_path / "own.csv"), by="test", now=wiring.now())
    removed, remove = [], samples.remove
    monkeypatch.setattr(samples, "remove", lambda *given: removed.append(given) or remove(*given))
    at = frame().run()
    assert "Sample" in texts(at)
    next(button for button in at.button if button.label == "Remove samples").click().run()
    assert not at.exception
    assert at.dataframe[0].value.shape[0] == 1
    assert "Sample" not in texts(at)
    assert len(removed) == 1


def test_the_rejects_of_an_import_lie_behind_a_guarded_route():
    assert importing.rejects_address(7) == "/rejects/7.csv"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ("en", ["events.csv: 32 rows.", "events.csv: writing campaign 1 of 1.", "counting campaign 1 of 1."]),
        (
            "fr",
            [
                "events.csv\u00a0: 32 lignes.",
                "events.csv\u00a0: écriture de la campagne 1 sur 1.",
                "décompte de la campagne 1 sur 1.",
            ],
        ),
    ],
)
def test_the_bar_tells_of_rows_read_and_of_campaigns_written_and_counted(
    analyst, tmp_path, monkeypatch, chosen, words
):
    (ada,) = analysts.list_all(analyst.records)
    analysts.set_language(analyst.records, ada.id, chosen)
    told = []
    monkeypatch.setattr(importing.st, "progress", lambda *first: Bar(told.append(first) or told))
    at = frame("imports").run()
    content = worlds.write_events(tmp_path / "events.csv").read_bytes()
    at.file_uploader[0].set_value([("events.csv", content, "text/csv")])
    at.run()
    next(button for button in at.button if button.key.startswith("import-")).click().run()
    assert not at.exception
    parts, sentences = zip(*told, strict=True)
    assert list(parts) == sorted(parts) and parts[-1] == 1
    for sentence in words:
        assert any(sentence in html.unescape(each) for each in sentences), (sentence, sentences)


class Bar:
    """In the place of st.progress."""

    def __init__(self, told):
        self.told = told

    def progress(self, part, text):
        self.told.append((part, text))

    def empty(self):
        pass

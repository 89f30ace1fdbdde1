"""From the start of the server to its end: records made ready, the worker running, everything warm."""

import asyncio
import gc
import importlib
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

from lib import wiring
from lib.web import rehearsal, statics
from lib.wiring import App

log = logging.getLogger(__name__)

HEAVY = ("pandas", "plotly.graph_objects", "plotly.express", "streamlit_authenticator", "babel.dates")
"""Imported before the first visitor, who would otherwise wait for them."""

SELDOM = 100_000, 50, 50
"""How many new objects call the collector. A run makes some ten thousand, nearly all of them gone at its end
without it; at Python's own 700 it looked at them time and again.
"""
SWEEP = 60.0
"""Seconds between two looks at all objects, whatever SELDOM says: pages that were closed lie in circles."""

SECRET = re.compile(r"(?<=/v/)[^/?\s\"]+|(?<=/google/callback\?)[^\s\"]+|(?<=[?&]who=)[^&\s\"]+")
"""A viewer's link, what Google sends an analyst's browser back with, and whom a reader looks for."""


def lifespan(parts: App) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def living(server: Any) -> AsyncIterator[None]:
        refuse_pages_beside(getattr(server, "script_path", None))
        keep_tokens_out_of_logs()
        await asyncio.to_thread(_make_ready, parts)
        worker = wiring.worker(parts) if parts.settings.worker == "embedded" else None
        if worker:
            worker.start()
        packs = statics.Packs(parts.settings.data)
        threading.Thread(target=packs.prepare, name="compress", daemon=True).start()
        sweeping = asyncio.create_task(sweep())
        try:
            yield
        finally:
            sweeping.cancel()
            if worker:
                await asyncio.to_thread(worker.stop)
            parts.analytics.events.close()
            parts.records.dispose()

    return living


async def sweep(every: float = SWEEP) -> None:
    """Give the memory of closed pages back, time and again."""
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(gc.collect)


def refuse_pages_beside(script: Path | None) -> None:
    """With a folder `pages` beside the script, Streamlit runs a page without the script: no sign-in."""
    if script and (Path(script).resolve().parent / "pages").exists():
        raise RuntimeError(f"{script.parent}/pages must not exist: its pages would be open to everyone")


def keep_tokens_out_of_logs() -> None:
    """uvicorn logs each address when started by hand; some hold a secret, or whose address is sought."""
    logger = logging.getLogger("uvicorn.access")
    if _hide_tokens not in logger.filters:
        logger.addFilter(_hide_tokens)


def make_theme_once() -> None:
    """Have Streamlit keep what it tells a browser of the theme. It gathers that anew for each run from all
    its options, which takes a tenth of a run; they are read at the start and never change.
    """
    gather = getattr(app_session, "_populate_theme_msg", None)
    if gather is None:
        log.warning("this Streamlit gathers its theme in another way; each run gathers it anew")
        return
    kept: dict[str, CustomThemeConfig] = {}

    def populate(msg: CustomThemeConfig, section: str = "theme") -> None:
        if section not in kept:
            made = CustomThemeConfig()
            gather(made, section)
            kept[section] = made
        if kept[section].ByteSize():  # an empty theme must stay untold
            msg.CopyFrom(kept[section])

    app_session._populate_theme_msg = populate


def _hide_tokens(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            SECRET.sub("***", part) if isinstance(part, str) else part for part in record.args
        )
    return True


def _make_ready(parts: App) -> None:
    wiring.prepare(parts)
    make_theme_once()
    _warm()
    try:
        rehearsal.rehearse(parts.analytics)
    except Exception:
        log.exception("the first report could not be rehearsed")  # it will say itself what it lacks
    gc.collect()
    gc.freeze()  # what is loaded now stays; the collector need not look at it after each run
    gc.set_threshold(*SELDOM)


def _warm() -> None:
    """Streamlit warns of components declared outside of a page; a library's are, which does not matter."""
    warnings = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    warnings.disabled = True
    for name in HEAVY:
        importlib.import_module(name)
    warnings.disabled = False

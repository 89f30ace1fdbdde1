"""HTTP beside Streamlit: the viewer's entry, sessions, exports, health; and the guard around all of it."""

from lib.web.rooms import middleware, routes
from lib.web.start import lifespan

__all__ = ["lifespan", "middleware", "routes"]

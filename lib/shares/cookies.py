"""The names of the two cookies. Browsers guard a name that begins with __Host-, but over https only."""

ANALYST = "vitrine_analyst"
VIEWER = "vitrine_viewer"


def analyst(https: bool) -> str:
    return _name(ANALYST, https)


def viewer(https: bool) -> str:
    return _name(VIEWER, https)


def _name(name: str, https: bool) -> str:
    return f"__Host-{name}" if https else name

"""Google over HTTP: consent, tokens, reading. Every call has a timeout, and none follows a redirect.

https://developers.google.com/identity/protocols/oauth2/web-server
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from lib.config import Settings

log = logging.getLogger(__name__)

CONTACTS = "https://www.googleapis.com/auth/contacts.readonly"
OTHERS = "https://www.googleapis.com/auth/contacts.other.readonly"
SCOPES = (CONTACTS, OTHERS)
"""Reading only. Each can be left out by the user on Google's page (granular consent)."""

CALLBACK = "/google/callback"
TIMEOUT = (5, 15)
"""Seconds to connect, and between two pieces of an answer."""

PAUSES = (1.0, 3.0)
"""Seconds before the second and the third try, when Google does not say how long to wait."""
LONGEST_PAUSE = 8.0
"""Seconds that a person in front of the page waits for; beyond that they are told to come back."""

PASSING = (429, 500, 502, 503, 504)
OAUTH_PROBLEMS = {
    "invalid_grant": "lost",  # expired, revoked, or a code used twice
    "invalid_client": "client",
    "unauthorized_client": "client",
    "redirect_uri_mismatch": "redirect",
}

Sleep = Callable[[float], None]


class GoogleRefused(Exception):
    """What Google did not do. `reason` is a key of the locale `google.problem`; no token stands in it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Google:
    """Google's interfaces, and who this installation is there."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    consent: str
    token: str
    revoke: str
    people: str


@dataclass(frozen=True)
class Tokens:
    """What opens the contacts of one account. `scopes` are the ones that were granted, of ours."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...]


def redirect_uri(settings: Settings) -> str:
    """What has to stand in Google's console, letter by letter."""
    return f"{settings.base_url}{CALLBACK}"


def configured(settings: Settings) -> Google | None:
    """None without client id and secret."""
    if not settings.google_client_id or not settings.google_client_secret:
        return None
    own = settings.google_address
    return Google(
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret.text,
        redirect_uri=redirect_uri(settings),
        consent=f"{own or 'https://accounts.google.com'}/o/oauth2/v2/auth",
        token=f"{own or 'https://oauth2.googleapis.com'}/token",
        revoke=f"{own or 'https://oauth2.googleapis.com'}/revoke",
        people=f"{own or 'https://people.googleapis.com'}/v1",
    )


def consent_address(google: Google, state: str, verifier: str) -> str:
    """Where the user is asked. `offline` and `consent`: with a refresh token, each time."""
    with _session(google) as session:
        address: str = session.create_authorization_url(
            google.consent, state=state, code_verifier=verifier, access_type="offline", prompt="consent"
        )[0]
        return address


def exchange(google: Google, code: str, verifier: str, now: datetime) -> Tokens:
    """Trade the code of the callback for tokens. Raises GoogleRefused."""
    with _session(google) as session:
        told = _asked(
            lambda: session.fetch_token(
                google.token, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        )
    return _tokens(told, now, SCOPES, "")


def refresh(google: Google, tokens: Tokens, now: datetime) -> Tokens:
    """A new access token. Raises GoogleRefused: `lost` when the user or Google took the access back."""
    if not tokens.refresh:
        raise GoogleRefused("lost")
    with _session(google, scope=None) as session:
        told = _asked(lambda: session.refresh_token(google.token, refresh_token=tokens.refresh))
    return _tokens(told, now, tokens.scopes, tokens.refresh)


def revoke(google: Google, tokens: Tokens) -> bool:
    """Whether Google took the access back, or knows of none. Revoking a token ends all of its grant."""
    try:
        answer = requests.post(
            google.revoke,
            data={"token": tokens.refresh or tokens.access},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException as problem:
        log.warning("Google did not answer a revocation: %s", type(problem).__name__)
        return False
    return answer.status_code == 200 or _word(answer) == "invalid_token"


def read(
    google: Google, tokens: Tokens, path: str, parameters: dict[str, str], sleep: Sleep
) -> dict[str, Any]:
    """One answer of the People API, with some patience. Raises GoogleRefused.

    `unauthorized`: the access token is not taken, a refreshed one may be; `stale_page`: the page token is not
    taken (any more); `busy` and `down`: also after three tries.
    """
    for pause in (*PAUSES, None):
        try:
            answer = requests.get(
                f"{google.people}/{path}",
                params=parameters,
                headers={"Authorization": f"Bearer {tokens.access}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            log.warning("Google did not answer: %s", type(problem).__name__)
            answer = None
        wait = _wait(answer, pause)
        if wait is None:
            break
        sleep(wait)
    return _judged(answer, bool(parameters.get("pageToken")))


def account(google: Google, tokens: Tokens) -> str:
    """Whose contacts the tokens open, as Google names accounts. Raises GoogleRefused, without patience.

    Each of SCOPES is enough: https://developers.google.com/people/api/rest/v1/people/get
    """
    told = read(google, tokens, "people/me", {"personFields": "metadata"}, lambda _seconds: None)
    if not told.get("resourceName"):
        raise GoogleRefused("answer")
    return str(told["resourceName"])


def _session(google: Google, scope: tuple[str, ...] | None = SCOPES) -> Any:
    return OAuth2Session(
        google.client_id,
        google.client_secret,
        scope=scope,
        redirect_uri=google.redirect_uri,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
        code_challenge_method="S256",
        default_timeout=TIMEOUT,
    )


def _asked(ask: Callable[[], Any]) -> dict[str, Any]:
    """The token endpoint's answer. Its problems may quote what was sent, so they are not passed on."""
    try:
        told: dict[str, Any] = ask()
    except OAuthError as problem:
        log.warning("Google refused a token: %s", problem.error)
        raise GoogleRefused(OAUTH_PROBLEMS.get(problem.error, "answer")) from None
    except requests.HTTPError as problem:
        busy = problem.response is not None and problem.response.status_code == 429
        raise GoogleRefused("busy" if busy else "down") from None
    except requests.RequestException as problem:
        log.warning("Google did not answer: %s", type(problem).__name__)
        raise GoogleRefused("down") from None
    except ValueError:
        raise GoogleRefused("answer") from None
    return told


def _tokens(told: dict[str, Any], now: datetime, scopes: tuple[str, ...], refresh_token: str) -> Tokens:
    """`scopes` are meant when Google does not name them, which it may leave out when nothing changed."""
    granted = tuple(scope for scope in SCOPES if scope in str(told.get("scope", " ".join(scopes))).split())
    try:
        access, lifetime = str(told["access_token"]), int(told.get("expires_in", 0))
    except (KeyError, TypeError, ValueError):
        raise GoogleRefused("answer") from None
    return Tokens(
        access, str(told.get("refresh_token") or refresh_token), now + timedelta(seconds=lifetime), granted
    )


def _wait(answer: requests.Response | None, pause: float | None) -> float | None:
    """Seconds until the next try; None when there should be none."""
    if pause is None or (answer is not None and answer.status_code not in PASSING):
        return None
    said = answer.headers.get("retry-after", "") if answer is not None else ""
    wait = float(said) if said.isdigit() else pause
    return wait if wait <= LONGEST_PAUSE else None


def _judged(answer: requests.Response | None, paged: bool) -> dict[str, Any]:
    if answer is None or answer.status_code >= 500:
        raise GoogleRefused("down")
    if answer.status_code == 200:
        return _object(answer)
    problems = {401: "unauthorized", 429: "busy"}
    if paged:
        problems |= {400: "stale_page", 410: "stale_page"}
    reason = problems.get(answer.status_code) or FORBIDDEN.get(_word(answer), "answer")
    log.warning("Google answered %s: %s", answer.status_code, _word(answer))
    raise GoogleRefused(reason)


FORBIDDEN = {
    "SERVICE_DISABLED": "disabled",  # the People API is not switched on in the project
    "accessNotConfigured": "disabled",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "forbidden",
    "PERMISSION_DENIED": "forbidden",
    "RATE_LIMIT_EXCEEDED": "busy",
    "rateLimitExceeded": "busy",
}


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        raise GoogleRefused("answer") from None
    if not isinstance(told, dict):
        raise GoogleRefused("answer")
    return told


def _word(answer: requests.Response) -> str:
    """The most exact word of an error: the reason of its ErrorInfo, else its status.

    https://cloud.google.com/apis/design/errors
    """
    try:
        error = answer.json()["error"]
        if isinstance(error, str):
            return error
        details = [*error.get("details", ()), *error.get("errors", ())]
        return next((str(one["reason"]) for one in details if "reason" in one), str(error.get("status", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""

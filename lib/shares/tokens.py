"""Secrets that open something: 256 random bits, of which only the SHA-256 is ever stored."""

import hashlib
import secrets


def new() -> str:
    """43 characters that are safe in an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What stands in the records for a token; 256 bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

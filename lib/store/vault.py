"""Keys derived from the installation's secret key: sealing texts, and names for recipients."""

import base64
import hmac
from dataclasses import dataclass, field

from cryptography.fernet import Fernet


@dataclass(frozen=True)
class Vault:
    """Seals and opens with a key that never stands in the database."""

    secret: str = field(repr=False)

    def seal(self, text: str, purpose: str = "outbox") -> bytes:
        return self._fernet(purpose).encrypt(text.encode())

    def open(self, sealed: bytes, purpose: str = "outbox") -> str:
        """Raises cryptography.fernet.InvalidToken when secret key or purpose are others than at sealing."""
        return self._fernet(purpose).decrypt(sealed).decode()

    def key(self, purpose: str) -> bytes:
        """32 bytes for one purpose; different purposes never share a key."""
        return hmac.digest(self.secret.encode(), f"vitrine:{purpose}".encode(), "sha256")

    def _fernet(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.key(purpose)))

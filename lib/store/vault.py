"""Keys derived from the installation's secret key: sealing texts, and names for recipients."""

import base64
import hmac
from dataclasses import dataclass, field

from cryptography.fernet import Fernet


@dataclass(frozen=True)
class Vault:
    """Seals and opens with a key that never stands in the database."""

    secret: str = field(repr=False)

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Raises cryptography.fernet.InvalidToken when the secret key is another one than at sealing."""
        return self._fernet.decrypt(sealed).decode()

    def key(self, purpose: str) -> bytes:
        """32 bytes for one purpose; different purposes never share a key."""
        return hmac.digest(self.secret.encode(), f"vitrine:{purpose}".encode(), "sha256")

    @property
    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.key("outbox")))

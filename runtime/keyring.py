"""The keys of the platform: those that sign, and those that encrypt what Temporal stores. The current one signs or
encrypts; earlier ones verify or decrypt until they are retired."""

import hashlib
import hmac
import json
import os
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from runtime.roles import needs
from runtime.settings import DEVELOPMENT_KEY, Environment, Settings, UnsafeSettings

log = structlog.get_logger(__name__)

_LEAST = 32


class UnusableKeys(Exception):
    """The key file is missing, unreadable as a key file, or readable by other users. The message never has a key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys at one time, the oldest first. ``made``: when each was made, aware UTC, where that is known."""

    current: str
    keys: Mapping[str, bytes]
    made: Mapping[str, datetime]

    @classmethod
    def fresh(cls, now: datetime) -> "Keys":
        """One random key."""
        return cls("", {}, {}).rotated(now)

    def rotated(self, now: datetime) -> "Keys":
        """With a new random key of 256 bits that signs from now on; the others keep verifying."""
        kid = f"{now.astimezone(UTC):%Y%m%d}-{secrets.token_hex(4)}"
        return Keys(kid, {**self.keys, kid: secrets.token_bytes(_LEAST)}, {**self.made, kid: now})

    def without(self, kid: str) -> "Keys":
        """Without an earlier key: what it signed is invalid from then on. Raises KeyError for an unknown one and
        ValueError for the current one."""
        if kid == self.current:
            raise ValueError(kid)
        keys, made = dict(self.keys), dict(self.made)
        del keys[kid]
        made.pop(kid, None)
        return Keys(self.current, keys, made)


def read_keys(path: Path) -> Keys:
    """The keys of a file. Raises UnusableKeys."""
    try:
        with path.open() as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise UnusableKeys(f"{path} can be read by others than its owner: chmod 600")
            raw: Any = json.load(file)
        keys = {str(one["kid"]): b64decode(one["key"], validate=True) for one in raw["keys"]}
        made = {str(one["kid"]): datetime.fromisoformat(one["made_at"]) for one in raw["keys"]}
        current = str(raw["current"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableKeys(f"{path} is no readable key file ({type(error).__name__})") from None
    if current not in keys or any(len(key) < _LEAST for key in keys.values()):
        raise UnusableKeys(f"{path} lacks its current key, or has one of less than {_LEAST} bytes")
    return Keys(current, keys, made)


def write_keys(path: Path, keys: Keys) -> None:
    """Replace the file in one step: a reader sees the old or the new one. Only its owner can read it."""
    listed = [
        {"kid": kid, "key": b64encode(key).decode(), "made_at": keys.made[kid].astimezone(UTC).isoformat()}
        for kid, key in keys.keys.items()
    ]
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"current": keys.current, "keys": listed}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class KeyRing:
    """Keys by their id (``kid``). ``current`` signs; every key in ``keys`` verifies. Keys never leave the process.

    With a file, each use checks whether the file has changed, which costs a microsecond: a new key is known to every
    process before the first token that it signed arrives, and a retired one is refused at once. If the file becomes
    unusable, the last good keys stay in use, and it is logged.
    """

    def __init__(self, current: str, keys: Mapping[str, bytes], file: Path | None = None) -> None:
        self._keys = Keys(current, keys, {})
        self._file = file
        self._seen = _mark(file) if file else None

    @classmethod
    def of(cls, settings: Settings) -> "KeyRing":
        """The signing keys of the settings; in production none for a role that has none: it can sign and read nothing.
        Raises UnusableKeys, and UnsafeSettings for the development key in production."""
        path = settings.jwt_keys_file
        is_public = settings.jwt_key.get_secret_value() == DEVELOPMENT_KEY
        if path is None and is_public and settings.environment is Environment.PRODUCTION:
            if needs(settings.role, "jwt_key"):
                raise UnsafeSettings("missing or unsafe in production: OMOTENASHI_JWT_KEY")
            return cls("", {})
        return cls._from(settings, "jwt_keys_file", path, settings.jwt_key_id, settings.jwt_key)

    @classmethod
    def of_payloads(cls, settings: Settings) -> "KeyRing":
        """The keys that encrypt what Temporal stores. Raises as :meth:`of`, and UnsafeSettings for the development key
        in production also where there is no file: what it encrypted could not be read by another process."""
        path = settings.temporal_keys_file
        is_public = settings.temporal_key.get_secret_value() == DEVELOPMENT_KEY
        if path is None and is_public and settings.environment is Environment.PRODUCTION:
            raise UnsafeSettings("missing or unsafe in production: OMOTENASHI_TEMPORAL_KEY")
        return cls._from(settings, "temporal_keys_file", path, settings.temporal_key_id, settings.temporal_key)

    @classmethod
    def _from(cls, settings: Settings, name: str, path: Path | None, kid: str, key: SecretStr) -> "KeyRing":
        if path is None:
            return cls(kid, {kid: key.get_secret_value().encode()})
        keys = read_keys(path)
        if settings.environment is Environment.PRODUCTION and DEVELOPMENT_KEY.encode() in keys.keys.values():
            raise UnsafeSettings(f"missing or unsafe in production: OMOTENASHI_{name.upper()}")
        return cls(keys.current, keys.keys, path)

    @property
    def current(self) -> str:
        """The id of the key that signs."""
        return self._now().current

    @property
    def keys(self) -> Mapping[str, bytes]:
        """Every key that verifies, the oldest first."""
        return self._now().keys

    @property
    def oldest(self) -> str:
        """The id of the oldest key: it changes only when a key is retired."""
        return next(iter(self._now().keys))

    def derived(self, purpose: str, kid: str | None = None) -> bytes:
        """A key for one purpose: a signature for one purpose is invalid for another. ``kid``: None for the current key.
        Raises KeyError for one that is unknown or retired."""
        now = self._now()
        return hmac.digest(now.keys[now.current if kid is None else kid], purpose.encode(), hashlib.sha256)

    def _now(self) -> Keys:
        if self._file is not None and (mark := _mark(self._file)) != self._seen:
            self._seen = mark
            try:
                self._keys = read_keys(self._file)
                log.info("keys were read again", current=self._keys.current, keys=list(self._keys.keys))
            except UnusableKeys as error:
                log.error("keys could not be read again", reason=str(error))
        return self._keys


def _mark(path: Path) -> tuple[int, ...]:
    """Changes whenever the file is replaced."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size

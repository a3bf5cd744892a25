"""The environment variables and the folder permissions of the embedded servers."""

import contextlib
import os
import pwd
import stat
import subprocess
from pathlib import Path

from stack.processes import Account

#: The system user that Postgres runs as when the stack is started by root, which Postgres refuses to be.
_POSTGRES_USER = "embedded_postgres"


def clean_environment(**more: str) -> dict[str, str]:
    """Variables for a server: enough to run, and none of the caller's that would change its behaviour."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "TZ": "UTC", **more}


def unprivileged_account() -> Account | None:
    """The account for a program that refuses to run as root, or None where the caller is not root."""
    if os.geteuid() != 0:
        return None
    entry = _unprivileged_user()
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _unprivileged_user() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(_POSTGRES_USER)
    # It may fail where there is no useradd, or because another start was quicker.
    with contextlib.suppress(OSError):
        subprocess.run(  # noqa: S603 - our own command line
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _POSTGRES_USER],  # noqa: S607
            capture_output=True,
            check=False,
        )
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(_POSTGRES_USER)
    return pwd.getpwnam("nobody")


def allow_traversal(folder: Path) -> None:
    """Let other users enter the parents of ``folder`` (not list them): a child of root's has another user."""
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)


def allow_read(folder: Path, probe: Path) -> None:
    """Let other users read and run what is under ``folder``, if they cannot yet read ``probe``."""
    if probe.stat().st_mode & stat.S_IROTH:
        return
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        run = stat.S_IXOTH if mode & stat.S_IXUSR else 0
        path.chmod(mode | stat.S_IROTH | run)

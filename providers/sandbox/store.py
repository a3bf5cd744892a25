"""The sandbox's state: one SQLite file, every change in one transaction, so that a killed server loses nothing.

Used from one event loop thread alone. Reads and writes are short; nothing here waits for a network.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

JSON = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, parent TEXT,
    body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_parent ON objects (parent, kind, seq);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, path TEXT NOT NULL, digest TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    request_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, event_id TEXT NOT NULL, event_type TEXT NOT NULL,
    body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL,
    held INTEGER NOT NULL DEFAULT 0, last_status INTEGER);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at, seq) WHERE state = 'pending';
CREATE TABLE IF NOT EXISTS faults (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, kind TEXT NOT NULL, seconds REAL,
    remaining INTEGER, share REAL NOT NULL, event_type TEXT, stored INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL COLLATE NOCASE,
    state TEXT NOT NULL, received_at REAL NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_recipient ON messages (recipient, seq);
CREATE TABLE IF NOT EXISTS targets (name TEXT PRIMARY KEY, url TEXT);
"""

_TABLES = ("objects", "answers", "deliveries", "faults", "messages")


class Store:
    """Typed access to the file; ``transaction`` must enclose writes and may be nested."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        # With NORMAL a killed process loses nothing; a power cut may, which is acceptable without real money.
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(_SCHEMA)

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner one belongs to the outer one."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # Objects of the payment APIs, as JSON. Keys that begin with an underscore are ours and are not in answers.

    def put(self, body: JSON, parent: str | None = None, kind: str | None = None) -> None:
        """Insert or replace by ``body["id"]``; the order stays that of the first insert. ``kind`` is its ``object``
        where none is given."""
        self.db.execute(
            "INSERT INTO objects (id, kind, parent, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (body["id"], kind or body["object"], parent, json.dumps(body)),
        )

    def find(self, kind: str, object_id: str) -> JSON | None:
        row = self.db.execute("SELECT body FROM objects WHERE id = ? AND kind = ?", (object_id, kind)).fetchone()
        return json.loads(row["body"]) if row else None

    def list_objects(
        self, kind: str, parent: str | None = None, before: str | None = None, limit: int = 100
    ) -> list[JSON]:
        """Newest first; ``before`` is the id after which to go on."""
        clauses, values = ["kind = ?"], [kind]
        if parent is not None:
            clauses.append("parent = ?")
            values.append(parent)
        if before is not None:
            clauses.append("seq < (SELECT seq FROM objects WHERE id = ?)")
            values.append(before)
        # The clauses are the literals above; all values are bound.
        sql = f"SELECT body FROM objects WHERE {' AND '.join(clauses)} ORDER BY seq DESC LIMIT {int(limit)}"  # noqa: S608
        return [json.loads(row["body"]) for row in self.db.execute(sql, values)]

    # Answers stored for idempotency keys.

    def find_answer(self, key: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.db.execute("SELECT * FROM answers WHERE key = ?", (key,)).fetchone()
        return row

    def store_answer(self, key: str, path: str, digest: str, status: int, body: str, request_id: str) -> None:
        self.db.execute(
            "INSERT INTO answers (key, path, digest, status, body, request_id) VALUES (?, ?, ?, ?, ?, ?)",
            (key, path, digest, status, body, request_id),
        )

    # Messages.

    def add_message(self, message_id: str, recipient: str, state: str, received_at: float, body: JSON) -> None:
        self.db.execute(
            "INSERT INTO messages (id, recipient, state, received_at, body) VALUES (?, ?, ?, ?, ?)",
            (message_id, recipient, state, received_at, json.dumps(body)),
        )

    def list_messages(self, recipient: str | None = None, limit: int = 200) -> list[JSON]:
        """Newest first."""
        rows = self.db.execute(
            "SELECT * FROM messages WHERE ?1 IS NULL OR recipient = ?1 ORDER BY seq DESC LIMIT ?2",
            (recipient, limit),
        )
        return [_message(row) for row in rows]

    def find_message(self, message_id: str) -> JSON | None:
        row = self.db.execute("SELECT * FROM messages WHERE id = ?", (message_id,)).fetchone()
        return _message(row) if row else None

    def recipients(self) -> Sequence[str]:
        rows = self.db.execute("SELECT DISTINCT recipient FROM messages ORDER BY recipient LIMIT 500")
        return [row["recipient"] for row in rows]

    # URLs of webhooks; set at the start or later, and stored.

    def set_target(self, name: str, url: str | None) -> None:
        self.db.execute(
            "INSERT INTO targets (name, url) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET url = excluded.url",
            (name, url),
        )

    def find_target(self, name: str) -> str | None:
        row = self.db.execute("SELECT url FROM targets WHERE name = ?", (name,)).fetchone()
        return row["url"] if row else None

    # The whole state.

    def counts(self) -> dict[str, int]:
        """Rows per table, objects per kind."""
        found = {
            row["kind"]: row["n"] for row in self.db.execute("SELECT kind, count(*) AS n FROM objects GROUP BY kind")
        }
        found["message"] = self.db.execute("SELECT count(*) FROM messages").fetchone()[0]
        return found

    def clear(self) -> None:
        """Delete everything but the targets."""
        with self.transaction():
            for table in _TABLES:
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608  a name of ours


def _message(row: sqlite3.Row) -> JSON:
    return {"id": row["id"], "state": row["state"], "received_at": row["received_at"], **json.loads(row["body"])}

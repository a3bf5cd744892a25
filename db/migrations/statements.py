"""The SQL that migrations run: the files of ``sql/``, and what every table of a business needs.

``sql/<function>.sql`` is the newest version of one function. ``db/migrations/README.md`` says how it is changed.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from alembic import op

SQL = Path(__file__).parent / "sql"

#: Comments and quoted texts, whose semicolons do not end a statement; and the semicolons that do.
_TOKENS = re.compile(r"--[^\n]*|\$(\w*)\$.*?\$\1\$|'[^']*'|;", re.DOTALL)


def split_statements(script: str) -> Iterator[str]:
    """The single statements of a script. asyncpg takes one at a time."""
    start = 0
    for token in _TOKENS.finditer(script):
        if token.group() == ";":
            yield script[start : token.start()].strip()
            start = token.end()
    if rest := script[start:].strip():
        yield rest


def digest(name: str) -> str:
    """A short digest of ``sql/<name>.sql``: a migration names the version of the file with it."""
    return hashlib.sha256((SQL / f"{name}.sql").read_bytes()).hexdigest()[:12]


def run_file(name: str) -> None:
    """Run ``sql/<name>.sql``."""
    connection = op.get_bind()
    for statement in split_statements((SQL / f"{name}.sql").read_text(encoding="utf-8")):
        connection.exec_driver_sql(statement)


def apply_functions(functions: Mapping[str, str]) -> None:
    """Create or replace functions from their files. ``functions`` has the digest of each file; a test compares it.

    Bodies are not checked: the newest file may name a column that a later migration adds.
    """
    op.execute("SET LOCAL check_function_bodies = off")
    for name in functions:
        run_file(name)
    op.execute("SET LOCAL check_function_bodies = on")

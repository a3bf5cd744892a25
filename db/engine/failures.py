"""Which error of the platform a failed statement is."""

from sqlalchemy.exc import DBAPIError

from domain.errors import Conflict, DomainError, Malformed, Unavailable

#: SQLSTATE classes: connection, resources, operator intervention. Postgres is not reachable or overloaded.
_UNAVAILABLE = ("08", "53", "57")
#: Lock time-out, deadlock, serialisation failure: the same request can be sent again.
_RETRY = frozenset({"55P03", "40P01", "40001"})
#: A character that Postgres does not store (NUL), in text or in JSON: the request is malformed.
_NOT_STORABLE = frozenset({"22021", "22P05"})
#: A trigger refused what the transaction wrote; its message is the name of the broken rule.
_RULE_BROKEN = "OM409"


def unreachable() -> Unavailable:
    """Postgres is not reachable, or the transaction must be repeated."""
    return Unavailable({"dependency": "postgres", "retry_after": 2})


def of_state(state: str, rule: str = "refused") -> DomainError | None:
    """The error for an SQLSTATE; None for one that is a fault of ours. ``rule``: what a trigger said."""
    if state.startswith(_UNAVAILABLE) or state in _RETRY:
        return unreachable()
    if state in _NOT_STORABLE:
        return Malformed({"rule": "characters"})
    return Conflict({"rule": rule}) if state == _RULE_BROKEN else None


def of_statement(error: DBAPIError) -> DomainError | None:
    """The error for what SQLAlchemy raised; None for a fault of ours."""
    if error.connection_invalidated:
        return unreachable()
    rule = str(getattr(getattr(error.orig, "__cause__", None), "message", "refused"))
    return of_state(getattr(error.orig, "sqlstate", None) or "", rule)

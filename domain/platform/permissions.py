"""Permissions of the platform."""

from collections.abc import Mapping

from domain.roles import Action, Role, Rule


class PlatformAction(Action):
    """Actions of operators, and reading the audit trail."""

    READ_AUDIT = "audit.read"
    WRITE_FLAGS = "flag.write"
    READ_ATTENTION = "attention.read"
    RESOLVE_ATTENTION = "attention.resolve"
    #: Decrypt what Temporal stores of runs.
    READ_PAYLOADS = "payload.read"


PERMISSIONS: Mapping[Action, Rule] = {
    PlatformAction.READ_AUDIT: Rule(frozenset({Role.ADMIN, Role.OWNER}), after_closing=True),
    PlatformAction.WRITE_FLAGS: Rule(frozenset({Role.ADMIN})),
    PlatformAction.READ_ATTENTION: Rule(frozenset({Role.ADMIN})),
    PlatformAction.RESOLVE_ATTENTION: Rule(frozenset({Role.ADMIN})),
    PlatformAction.READ_PAYLOADS: Rule(frozenset({Role.ADMIN})),
}

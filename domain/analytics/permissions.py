"""Permissions of analytics."""

from collections.abc import Mapping

from domain.roles import MANAGERS, Action, Role, Rule


class AnalyticsAction(Action):
    """Reading figures, and having them computed again."""

    READ = "analytics.read"
    READ_PLATFORM = "analytics.read_platform"
    BACKFILL = "analytics.backfill"


PERMISSIONS: Mapping[Action, Rule] = {
    AnalyticsAction.READ: Rule(MANAGERS | {Role.ADMIN}),
    AnalyticsAction.READ_PLATFORM: Rule(frozenset({Role.ADMIN})),
    AnalyticsAction.BACKFILL: Rule(frozenset({Role.ADMIN})),
}

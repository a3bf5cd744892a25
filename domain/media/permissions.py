"""Permissions of media."""

from collections.abc import Mapping

from domain.roles import EVERYBODY, MANAGERS, Action, Rule


class MediaAction(Action):
    """Actions on pictures and films."""

    READ = "media.read"
    WRITE = "media.write"


PERMISSIONS: Mapping[Action, Rule] = {
    MediaAction.READ: Rule(EVERYBODY),
    MediaAction.WRITE: Rule(MANAGERS),
}

"""Permissions of reviews."""

from collections.abc import Mapping

from domain.reviews.writing import WRITE_WITHIN
from domain.roles import CUSTOMERS, EVERYBODY, MANAGERS, TEAM, Action, Role, Rule


class ReviewAction(Action):
    """Actions on reviews. ``REQUEST_MODERATION``: the business asks, an operator decides (``DECIDE``)."""

    READ = "review.read"
    READ_ALL = "review.read_all"
    WRITE = "review.write"
    REPLY = "review.reply"
    REPORT = "review.report"
    REQUEST_MODERATION = "review.request_moderation"
    DECIDE = "review.decide"


PERMISSIONS: Mapping[Action, Rule] = {
    ReviewAction.READ: Rule(EVERYBODY),
    ReviewAction.READ_ALL: Rule(TEAM | {Role.ASSISTANT, Role.ADMIN}),
    ReviewAction.WRITE: Rule(CUSTOMERS, after_closing=True, link_lasts=WRITE_WITHIN),
    ReviewAction.REPLY: Rule(MANAGERS),
    ReviewAction.REPORT: Rule(EVERYBODY),
    ReviewAction.REQUEST_MODERATION: Rule(MANAGERS | {Role.ADMIN}, impartial=True),
    ReviewAction.DECIDE: Rule(frozenset({Role.ADMIN}), impartial=True),
}

"""Permissions of onboarding."""

from collections.abc import Mapping

from domain.roles import MANAGERS, Action, Role, Rule


class OnboardingAction(Action):
    """Actions in the verification of a business."""

    READ = "verification.read"
    SUBMIT = "verification.submit"
    DECIDE = "verification.decide"
    SUSPEND = "business.suspend"


PERMISSIONS: Mapping[Action, Rule] = {
    OnboardingAction.READ: Rule(MANAGERS | {Role.ADMIN}),
    OnboardingAction.SUBMIT: Rule(MANAGERS),
    OnboardingAction.DECIDE: Rule(frozenset({Role.ADMIN}), impartial=True),
    OnboardingAction.SUSPEND: Rule(frozenset({Role.ADMIN}), impartial=True),
}

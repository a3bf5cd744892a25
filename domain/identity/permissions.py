"""Who may do what: logins."""

from collections.abc import Mapping

from domain.roles import Action, Role, Rule


class IdentityAction(Action):
    """Actions of operators on logins."""

    RESET_TWO_FACTOR = "two_factor.reset"


PERMISSIONS: Mapping[Action, Rule] = {
    IdentityAction.RESET_TWO_FACTOR: Rule(frozenset({Role.ADMIN})),
}

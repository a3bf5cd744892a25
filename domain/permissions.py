"""The permissions of all areas. Each area declares its actions in ``domain/<area>/permissions.py``."""

from collections.abc import Mapping

from domain.analytics import permissions as analytics
from domain.bookings import permissions as bookings
from domain.businesses import permissions as businesses
from domain.catalogue import permissions as catalogue
from domain.customers import permissions as customers
from domain.errors import Forbidden, NotFound
from domain.identity import permissions as identity
from domain.marketing import permissions as marketing
from domain.media import permissions as media
from domain.messages import permissions as messages
from domain.onboarding import permissions as onboarding
from domain.payments import permissions as payments
from domain.platform import permissions as platform
from domain.reviews import permissions as reviews
from domain.roles import Action, Role, Rule
from domain.scheduling import permissions as scheduling

_AREAS = (
    platform,
    messages,
    identity,
    payments,
    scheduling,
    catalogue,
    businesses,
    media,
    onboarding,
    customers,
    bookings,
    reviews,
    marketing,
    analytics,
)

RULES: Mapping[Action, Rule] = {action: rule for area in _AREAS for action, rule in area.PERMISSIONS.items()}


def allowed(role: Role, action: Action) -> bool:
    """Whether ``role`` may do ``action``."""
    return role in RULES[action].roles


def require(role: Role | None, action: Action) -> None:
    """Raise ``NotFound`` if there is no role (another tenant's object, whose existence is not shown), ``Forbidden`` if
    the role does not have the permission."""
    if role is None:
        raise NotFound
    if not allowed(role, action):
        raise Forbidden({"action": action.value, "role": role.value})

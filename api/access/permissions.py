"""Permission to act on one object, as a dependency of an endpoint: :func:`may`."""

from dataclasses import dataclass

from fastapi import Request

from api.access.callers import Access, CurrentLogin, MaybeLogin, caller_facts
from api.access.guest_links import MaybeLink
from api.http.operation_errors import raises
from domain.errors import Forbidden, NotFound, Unauthenticated
from domain.permissions import allowed
from domain.roles import Action, Role


@dataclass(frozen=True, slots=True)
class Permission:
    """The dependency that :func:`may` makes."""

    action: Action
    on: str

    async def __call__(self, request: Request, login: CurrentLogin) -> Access:
        """For a login. Raises Unauthenticated."""
        return Access(*caller_facts(request, login), self.action, self.on, public=False)


@dataclass(frozen=True, slots=True)
class PublicPermission:
    """The dependency that :func:`may` makes for what is public."""

    action: Action
    on: str

    async def __call__(self, request: Request, login: MaybeLogin) -> Access:
        """For anybody. Raises Unauthenticated for a token that is not good."""
        return Access(*caller_facts(request, login), self.action, self.on, public=True)


@dataclass(frozen=True, slots=True)
class LinkPermission:
    """The dependency that :func:`may` makes for what the link of a booking opens."""

    action: Action
    on: str

    async def __call__(self, request: Request, login: MaybeLogin, link: MaybeLink) -> Access:
        """For a login or a link. Raises Unauthenticated without either, and for one that is not good."""
        if login is None and link is None:
            raise Unauthenticated({"reason": "no_token"})
        return Access(*caller_facts(request, login), self.action, self.on, public=False, link=link)


def may(
    action: Action, on: str, *, public: bool = False, link: bool = False
) -> Permission | PublicPermission | LinkPermission:
    """Permission to do ``action`` to an object of the kind ``on`` (the kinds of :meth:`db.engine.session.Scope.of`).

    With ``public`` also for those who have no role in the business, as customer or guest, if it is approved; with
    ``link`` also for the signed link of the booking that ``on`` is or belongs to.
    """
    permission: Permission | PublicPermission | LinkPermission
    if link:
        permission = LinkPermission(action, on)
    else:
        permission = PublicPermission(action, on) if public else Permission(action, on)
    everybody_may = public and all(allowed(role, action) for role in Role)
    return raises(NotFound)(permission) if everybody_may else raises(Forbidden, NotFound)(permission)

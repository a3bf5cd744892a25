"""Permission to act on one object, as a dependency of an endpoint: :func:`may`."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from api.access.callers import Access, CurrentLogin, MaybeLogin, caller_facts
from api.access.guest_links import GuestLink, MaybeLink, MaybeMessageLink, MaybeWaitlistLink
from api.access.tokens import Login
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
        """With or without a login. Raises Unauthenticated for an invalid token."""
        return Access(*caller_facts(request, login), self.action, self.on, public=True)


@dataclass(frozen=True, slots=True)
class LinkPermission:
    """The dependency that :func:`may` makes for what the link of a booking opens."""

    action: Action
    on: str

    async def __call__(self, request: Request, login: MaybeLogin, link: MaybeLink) -> Access:
        """With a login or a link. Raises Unauthenticated without either, and for an invalid one."""
        return self._access(request, login, link)

    def _access(self, request: Request, login: Login | None, link: GuestLink | None) -> Access:
        if login is None and link is None:
            raise Unauthenticated({"reason": "no_token"})
        return Access(*caller_facts(request, login), self.action, self.on, public=False, link=link)


@dataclass(frozen=True, slots=True)
class WaitlistPermission(LinkPermission):
    """The dependency that :func:`may` makes for what the link of an entry of the waitlist opens."""

    async def __call__(self, request: Request, login: MaybeLogin, link: MaybeWaitlistLink) -> Access:
        """For a login or a link. Raises Unauthenticated without either, and for one that is not good."""
        return self._access(request, login, link)


@dataclass(frozen=True, slots=True)
class MessagePermission(LinkPermission):
    """The dependency that :func:`may` makes for what the link of a message opens."""

    async def __call__(self, request: Request, login: MaybeLogin, link: MaybeMessageLink) -> Access:
        """For a login or a link. Raises Unauthenticated without either, and for one that is not good."""
        return self._access(request, login, link)


#: What a link opens, where it is not a booking's.
_BY_LINK: Mapping[str, type[LinkPermission]] = {"waitlist": WaitlistPermission, "notice": MessagePermission}


def may(
    action: Action, on: str, *, public: bool = False, link: bool = False
) -> Permission | PublicPermission | LinkPermission:
    """Permission to do ``action`` to an object of the kind ``on`` (the kinds of :meth:`db.engine.session.Scope.of`).

    With ``public`` also for those who have no role in the business, as customer or guest, if it is approved; with
    ``link`` also for the signed link of the booking that ``on`` is or belongs to, of the entry of the waitlist, or of
    the message.
    """
    permission: Permission | PublicPermission | LinkPermission
    if link:
        permission = _BY_LINK.get(on, LinkPermission)(action, on)
    else:
        permission = PublicPermission(action, on) if public else Permission(action, on)
    everybody_may = public and all(allowed(role, action) for role in Role)
    return raises(NotFound)(permission) if everybody_may else raises(Forbidden, NotFound)(permission)

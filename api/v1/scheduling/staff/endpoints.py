"""Invitations to a business, assignments of staff, and their end."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, CurrentUser, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.confirm import Confirm
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.rate_limits import RateClass, limited
from api.v1.scheduling.staff.schemas import (
    AcceptInvitationCommand,
    AssignmentRead,
    AssignmentUpdate,
    InvitationCreate,
    InvitationRead,
)
from domain.errors import AlreadyExists, Forbidden, Gone, WrongState
from domain.scheduling.permissions import SchedulingAction
from domain.scheduling.staff import StaffRole
from runtime.links import Purpose

router = routing.router("/staff", tags=["staff"])

MayInvite = Annotated[Access, Depends(may(SchedulingAction.WRITE_STAFF, on="business"))]
MayRead = Annotated[Access, Depends(may(SchedulingAction.READ_STAFF, on="business"))]
MayReadOne = Annotated[Access, Depends(may(SchedulingAction.READ_STAFF, on="staff_assignments"))]
MayWrite = Annotated[Access, Depends(may(SchedulingAction.WRITE_STAFF, on="staff_assignments"))]
MayWriteInvitation = Annotated[Access, Depends(may(SchedulingAction.WRITE_STAFF, on="staff_invitations"))]


@router.post(
    "/assignments",
    status_code=201,
    summary="Invite a person to work at a business",
    response_model=Envelope[InvitationRead],
)
@raises(AlreadyExists, WrongState)
@limited(RateClass.STRICT)
async def create_assignment(body: InvitationCreate, access: MayInvite, now: Now, key: OptionalKey) -> Response:
    """By e-mail. Only an approved business whose owner has confirmed the e-mail address invites people:
    ``wrong_state`` before. The link is valid once, for seven days; the assignment is made when it is accepted."""
    async with access.work(body.business_id, key) as work:
        invitation = await work.scheduling.staff.invite(body.business_id, body.invited(), access.user_id, now)
        return await store_response(work, created(InvitationRead.of(invitation)))


@router.get(
    "/assignments",
    summary="List who works at a business",
    response_model=ListEnvelope[AssignmentRead],
)
async def list_assignments(
    business_id: UUID,
    access: MayRead,
    page: PageAsked,
    role: Annotated[StaffRole | None, Query(description="Only this role.")] = None,
    service_id: Annotated[UUID | None, Query(description="Those who perform it.")] = None,
    ended: Annotated[bool, Query(description="Former ones too.")] = False,
) -> Response:
    """Oldest first. The owner is not among them."""
    async with access.work(business_id) as work:
        rows = await work.scheduling.staff.list_assignments(
            business_id, page.after_id, page.fetch, role, service_id, ended
        )
    return page.answer(rows, AssignmentRead.of, lambda row: (row.id,))


@router.get(
    "/assignments/{assignment_id}",
    summary="Get an assignment",
    response_model=Envelope[AssignmentRead],
)
async def get_assignment(assignment_id: UUID, access: MayReadOne) -> Response:
    """Also one that has ended."""
    async with access.work(assignment_id) as work:
        return ok(AssignmentRead.of(await work.scheduling.staff.get_assignment(assignment_id)))


@router.put(
    "/assignments/{assignment_id}",
    summary="Update the role, name or services of a person",
    response_model=Envelope[AssignmentRead],
)
@raises(WrongState)
async def update_assignment(
    assignment_id: UUID, body: AssignmentUpdate, access: MayWrite, now: Now, confirm: Confirm
) -> Response:
    """Fields that are left out do not change. Removing a service may strand bookings."""
    name = body.name.stored() if body.name else None
    async with access.work(assignment_id) as work:
        row = await work.scheduling.staff.change_assignment(
            assignment_id, body.role, name, body.service_ids, now, confirm
        )
    return ok(AssignmentRead.of(row), SuccessMessage.UPDATED)


@router.get(
    "/invitations",
    summary="List open invitations",
    response_model=ListEnvelope[InvitationRead],
)
async def list_invitations(business_id: UUID, access: MayRead, page: PageAsked) -> Response:
    """Those without an answer yet, oldest first."""
    async with access.work(business_id) as work:
        rows = await work.scheduling.staff.list_invitations(business_id, page.after_id, page.fetch)
    return page.answer(rows, InvitationRead.of, lambda row: (row.id,))


@router.post(
    "/invitations/accept",
    status_code=201,
    summary="Accept an invitation",
    response_model=Envelope[AssignmentRead],
)
@raises(Gone, AlreadyExists, Forbidden)
async def accept_invitation(
    body: AcceptInvitationCommand, caller: CurrentUser, services: Services, now: Now, key: OptionalKey
) -> Response:
    """For the login with the e-mail address that was invited; a person without a login registers first."""
    invitation_id = services.links.read(Purpose.STAFF_INVITATION, body.token, now)
    async with caller.work(key) as work:
        assignment_id = await work.scheduling.staff.accept(invitation_id, caller.id, now)
        return await store_response(
            work, created(AssignmentRead.of(await work.scheduling.staff.get_assignment(assignment_id)))
        )


@router.post(
    "/invitations/{invitation_id}/resend",
    summary="Send an invitation again",
    response_model=Envelope[InvitationRead],
)
@raises(WrongState)
@limited(RateClass.STRICT)
async def resend_invitation(invitation_id: UUID, access: MayWriteInvitation, now: Now, key: OptionalKey) -> Response:
    """Valid for seven days from now."""
    async with access.work(invitation_id, key) as work:
        return await store_response(
            work, ok(InvitationRead.of(await work.scheduling.staff.resend(invitation_id, now)), SuccessMessage.UPDATED)
        )


@router.delete(
    "/invitations/{invitation_id}",
    summary="Withdraw an invitation",
    response_model=Envelope[DeletedRead],
)
@raises(WrongState)
async def delete_invitation(invitation_id: UUID, access: MayWriteInvitation, now: Now) -> Response:
    """Its link becomes invalid."""
    async with access.work(invitation_id) as work:
        await work.scheduling.staff.withdraw(invitation_id, now)
    return ok(DeletedRead(id=invitation_id), SuccessMessage.DELETED)

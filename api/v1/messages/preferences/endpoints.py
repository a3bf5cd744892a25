"""Preferences: of a login everywhere, of a message's recipient at its business; and consents."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, CurrentUser, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.messages.preferences.handlers import add_consent, change_choices, checked, read_choices, unsubscribe
from api.v1.messages.preferences.schemas import (
    ConsentCreate,
    ConsentRead,
    LoginPreferencesUpdate,
    PreferencesRead,
    RecipientPreferencesRead,
    RecipientPreferencesUpdate,
)
from db.messages.preferences import Person
from domain.errors import Forbidden
from domain.messages.channels import check_zone
from domain.messages.permissions import MessageAction
from domain.messages.preferences import PreferenceSource

router = routing.router("/notifications", tags=["notifications"])

MayChoose = Annotated[Access, Depends(may(MessageAction.CHOOSE, "notice", link=True))]
MayConsent = Annotated[Access, Depends(may(MessageAction.CONSENT, "customers"))]


@router.get("/preferences", summary="Get my message preferences", response_model=Envelope[PreferencesRead])
@raises(Forbidden)
async def get_preferences(caller: CurrentUser, services: Services) -> Response:
    """What can be switched off everywhere, and what was chosen for single businesses."""
    async with caller.work(action=MessageAction.READ) as work:
        choices = await work.messages.preferences.choices_of(Person(user_id=caller.id))
        zone = await work.messages.channels.zone_of(caller.id)
    return ok(PreferencesRead.of(choices, services.channels.on, zone))


@router.put("/preferences", summary="Update my message preferences", response_model=Envelope[PreferencesRead])
@raises(Forbidden)
async def update_preferences(body: LoginPreferencesUpdate, caller: CurrentUser, services: Services) -> Response:
    """For all businesses. A choice for a single business counts before these."""
    person = Person(user_id=caller.id)
    async with caller.work(action=MessageAction.READ) as work:
        await work.messages.preferences.choose(person, checked(body.choices, None), PreferenceSource.LOGIN)
        if "time_zone" in body.model_fields_set:
            check_zone(body.time_zone)
            await work.messages.channels.set_zone(caller.id, body.time_zone)
        choices = await work.messages.preferences.choices_of(person)
        zone = await work.messages.channels.zone_of(caller.id)
    return ok(PreferencesRead.of(choices, services.channels.on, zone), SuccessMessage.UPDATED)


@router.get("/consents", summary="List consents of a customer", response_model=ListEnvelope[ConsentRead])
async def list_consents(customer_id: UUID, access: MayConsent, page: PageAsked) -> Response:
    """Every answer with its proof, newest first. The newest of each purpose counts."""
    async with access.work(customer_id) as work:
        rows = await work.messages.preferences.list_consents(customer_id, page.after_id, page.fetch)
    return page.answer(rows, ConsentRead.of, lambda row: (row.id,))


@router.post("/consents", status_code=201, summary="Record a consent", response_model=Envelope[ConsentRead])
async def create_consent(body: ConsentCreate, access: MayConsent, key: OptionalKey) -> Response:
    """What a customer said at the business, with the name of the person who wrote it down."""
    async with access.work(body.customer_id, key) as work:
        return await store_response(work, created(await add_consent(work, access, body)))


@router.get(
    "/{notification_id}/preferences",
    summary="Get the choices of a message",
    response_model=Envelope[RecipientPreferencesRead],
)
async def get_message_preferences(notification_id: UUID, access: MayChoose, services: Services) -> Response:
    """For its recipient, by login or with the link under the message."""
    return ok(await read_choices(access, notification_id, services.channels.on))


@router.put(
    "/{notification_id}/preferences",
    summary="Update the choices of a message",
    response_model=Envelope[RecipientPreferencesRead],
)
async def update_message_preferences(
    notification_id: UUID, body: RecipientPreferencesUpdate, access: MayChoose, services: Services
) -> Response:
    """They count for the business that the message is from."""
    return ok(await change_choices(access, notification_id, body, services.channels.on), SuccessMessage.UPDATED)


@router.post(
    "/{notification_id}/unsubscribe",
    summary="Switch messages of this kind off",
    response_model=Envelope[RecipientPreferencesRead],
)
async def unsubscribe_from_messages(notification_id: UUID, access: MayChoose, services: Services) -> Response:
    """At the business that the message is from. The same again changes nothing."""
    return ok(await unsubscribe(access, notification_id, services.channels.on), SuccessMessage.UPDATED)

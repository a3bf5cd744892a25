"""The choices of the recipient of one message, and the answers to questions about advertising."""

from collections.abc import Sequence
from uuid import UUID

from api.access.callers import Access
from api.http.request_info import request_info
from api.v1.messages.preferences.schemas import (
    ConsentCreate,
    ConsentRead,
    ConsentStateRead,
    ConsentWrite,
    PreferenceWrite,
    RecipientPreferencesRead,
    RecipientPreferencesUpdate,
    choices_for,
)
from db.engine.session import UnitOfWork
from db.messages.preferences import Recipient
from domain.messages.consent import ConsentPurpose, ConsentSource, is_granted, wording
from domain.messages.kinds import AccountEmailKind, Channel
from domain.messages.preferences import SWITCHED, Choice, PreferenceSource, check_choice
from domain.roles import Role


def checked(choices: Sequence[PreferenceWrite], business_id: UUID | None) -> list[Choice]:
    """The choices. Raises InvalidInput for a kind or a channel that cannot be switched off."""
    for number, one in enumerate(choices):
        check_choice(one.kind, one.channel, f"choices.{number}", enabled=one.enabled, position=one.position)
    return [one.choice(business_id) for one in choices]


async def read_choices(access: Access, notice_id: UUID, on: frozenset[Channel]) -> RecipientPreferencesRead:
    """What the recipient of the message can choose. Raises NotFound, Forbidden, Gone."""
    async with access.work(notice_id) as work:
        return await _shown(work, await work.messages.preferences.recipient_of(notice_id), on)


async def change_choices(
    access: Access, notice_id: UUID, body: RecipientPreferencesUpdate, on: frozenset[Channel]
) -> RecipientPreferencesRead:
    """Store choices and answers; an answer that is the last one already is not stored again. Raises InvalidInput and
    what `read_choices` raises."""
    async with access.work(notice_id) as work:
        recipient = await work.messages.preferences.recipient_of(notice_id)
        choices = checked(body.choices, recipient.business_id)
        source = PreferenceSource.LINK if access.role is Role.GUEST else PreferenceSource.LOGIN
        await work.messages.preferences.choose(recipient.person, choices, source)
        await _answer(work, recipient, body.consents, ConsentSource.LINK)
        return await _shown(work, recipient, on)


async def unsubscribe(access: Access, notice_id: UUID, on: frozenset[Channel]) -> RecipientPreferencesRead:
    """Switch this kind of message off at its business, as a mail program asks for it; for advertising the consent is
    withdrawn. Raises InvalidInput for a kind that is always sent, and what `read_choices` raises."""
    async with access.work(notice_id) as work:
        recipient = await work.messages.preferences.recipient_of(notice_id)
        if recipient.kind is AccountEmailKind.CAMPAIGN_MESSAGE:
            no = ConsentWrite(purpose=ConsentPurpose.OFFERS, granted=False)
            await _answer(work, recipient, [no], ConsentSource.ONE_CLICK)
            return await _shown(work, recipient, on)
        check_choice(recipient.kind, Channel.EMAIL, "message")
        # What is switched off by e-mail must not come through another channel instead.
        choices = [Choice(recipient.kind, channel, False, recipient.business_id) for channel in SWITCHED]
        await work.messages.preferences.choose(recipient.person, choices, PreferenceSource.ONE_CLICK)
        return await _shown(work, recipient, on)


async def add_consent(work: UnitOfWork, access: Access, body: ConsentCreate) -> ConsentRead:
    """Write down what a customer said. Raises NotFound."""
    row = await work.messages.preferences.answer(
        body.customer_id, body.purpose, body.granted, body.language, ConsentSource.STAFF, actor_id=access.user_id
    )
    return ConsentRead.of(row)


async def _answer(
    work: UnitOfWork, recipient: Recipient, answers: Sequence[ConsentWrite], source: ConsentSource
) -> None:
    if recipient.customer_id is None or not answers:
        return
    known = await work.messages.preferences.last_answers(recipient.customer_id)
    language = request_info().language.value
    for purpose, granted in {one.purpose: one.granted for one in answers}.items():
        if is_granted(purpose, known) != granted:
            await work.messages.preferences.answer(
                recipient.customer_id, purpose, granted, language, source, notice_id=recipient.notice_id
            )


async def _shown(work: UnitOfWork, recipient: Recipient, on: frozenset[Channel]) -> RecipientPreferencesRead:
    language = request_info().language.value
    name = recipient.named(language)
    stored = await work.messages.preferences.choices_of(recipient.person)
    answers = await work.messages.preferences.last_answers(recipient.customer_id) if recipient.customer_id else None
    return RecipientPreferencesRead(
        business_id=recipient.business_id,
        business_name=name,
        choices=choices_for(recipient.audience, stored, recipient.business_id, on),
        consents=[]
        if answers is None
        else [
            ConsentStateRead(
                purpose=purpose, granted=is_granted(purpose, answers), wording=wording(purpose, name, language)
            )
            for purpose in ConsentPurpose
        ],
    )

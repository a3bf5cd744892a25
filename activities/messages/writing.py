"""Decides through which channel a message goes, and writes it for that channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from activities.messages.channels import ChannelRules, Written, new_link_code
from activities.templates.account_email import compose_account_email, unsendable
from activities.templates.render import compose
from activities.templates.short_text import ShortMessage, code_message, short_booking_message, short_offer
from activities.templates.typed_texts import account_email_without_texts, notice_without_texts
from db.engine.session import UnitOfWork
from db.messages.channels import AddressRow
from db.messages.notices import AccountEmailContent, NoticeContent, SendAttempt
from db.messages.preferences import Person
from domain.booking_status import BookingStatus
from domain.messages.address import latin_city
from domain.messages.channels import OVER_QUOTA, SHORT, route
from domain.messages.kinds import AccountEmailKind, Channel, NoticeKind
from domain.messages.preferences import Choice, is_enabled, is_optional, positions
from domain.messages.send_decision import DropReason, MessageLimits, SendDecision
from domain.messages.sending import NoticeFacts, why_not_send
from domain.messages.texts import RULES, OwnText
from providers.postal.japan_post import places_of
from runtime.booking_links import BookingLinks
from runtime.links import Links
from runtime.message_links import MessageLinks
from runtime.phone_codes import PhoneCodes


@dataclass(frozen=True, slots=True)
class _Reach:
    """The channel of this attempt, and the recipient's addresses in it (none for e-mail)."""

    channel: Channel
    addresses: Sequence[AddressRow]


class MessageWriter:
    """``on``: the channels that are switched on. ``links`` make the tokens of messages, whose links begin with
    ``public_url``. Replies to the platform's own messages go to ``support_email``. ``limits``: messages per
    recipient."""

    def __init__(
        self,
        on: frozenset[Channel],
        rules: ChannelRules,
        links: Links,
        public_url: str,
        support_email: str,
        limits: MessageLimits,
    ) -> None:
        self._on = on
        self._rules = rules
        self._links = links
        self._public_url = public_url
        self._support_email = support_email
        self.limits = limits

    async def write(
        self, work: UnitOfWork, notice_id: UUID, business_id: UUID | None, attempt: SendAttempt, now: datetime
    ) -> Written | DropReason | str:
        """The message for the channel of the open attempt, or the reason why it must not be sent."""
        if attempt.is_code:
            written = await self._code(work, notice_id, attempt, now)
        elif attempt.is_account_email:
            written = await self._account_email(work, notice_id, attempt, now)
        else:
            written = await self._message(work, notice_id, attempt, now)
        if isinstance(written, Written) and not await self._is_within_quota(
            work, written.channel, business_id, attempt
        ):
            return OVER_QUOTA
        return written

    async def _message(
        self, work: UnitOfWork, notice_id: UUID, attempt: SendAttempt, now: datetime
    ) -> Written | DropReason | str:
        """The message about a booking."""
        content = await work.messages.notices.read_for_sending(notice_id)
        kind = NoticeKind(content.kind)
        reach = await self._reach(work, notice_id, attempt, kind, content.audience, content.address)
        is_reached = isinstance(reach, _Reach) and (reach.channel is not Channel.EMAIL or content.address is not None)
        if reason := why_not_send(_facts(content, is_reached or reach is DropReason.OPTED_OUT), now):
            return reason
        if not isinstance(reach, _Reach):
            return reach
        decision = await self._decide(work, notice_id, attempt, reach, content.address)
        if decision.drop is not None:
            return decision.drop
        own = await _own_text(work, content) if decision.with_texts else None
        if not decision.with_texts:
            content = notice_without_texts(content)
        if reach.channel is not Channel.EMAIL:
            return await self._short(
                work, notice_id, attempt, reach, lambda link: short_booking_message(content, link, now)
            )
        if content.language == "en":
            content = replace(content, city=await _english_city(content.postal_code, content.city))
        return Written(Channel.EMAIL, compose(content, now, BookingLinks(self._links, self._public_url), own))

    async def _account_email(
        self, work: UnitOfWork, notice_id: UUID, attempt: SendAttempt, now: datetime
    ) -> Written | DropReason | str:
        """The message that is about no booking."""
        content = await work.messages.notices.read_account_email(notice_id)
        kind = AccountEmailKind(content.kind)
        reach = await self._reach(work, notice_id, attempt, kind, content.audience, content.address)
        if not isinstance(reach, _Reach):
            return reach
        if reason := unsendable(_reached(content, reach), self._links, now):
            return reason
        if content.campaign is not None and not (content.campaign.has_consented or content.campaign.is_test):
            return DropReason.OPTED_OUT
        decision = await self._decide(work, notice_id, attempt, reach, content.address)
        if decision.drop is not None:
            return decision.drop
        if not decision.with_texts:
            content = account_email_without_texts(content)
        if reach.channel is not Channel.EMAIL:
            return await self._short(work, notice_id, attempt, reach, lambda link: short_offer(content, link, now))
        return Written(
            Channel.EMAIL, compose_account_email(content, self._links, self._public_url, self._support_email)
        )

    async def _code(self, work: UnitOfWork, notice_id: UUID, attempt: SendAttempt, now: datetime) -> Written | str:
        """The code that proves a number: by SMS alone."""
        row = await work.messages.channels.of_code(notice_id)
        if attempt.is_undecided and attempt.id is not None:
            await work.messages.notices.decide_route(notice_id, attempt.id, [Channel.SMS])
        if row is None or row.proven_at is not None or row.expires_at is None or row.expires_at <= now:
            return "outdated"
        code = PhoneCodes(self._links.keys).code(row.id, row.address)
        language = await work.messages.channels.language(notice_id)
        message = code_message(str(notice_id), language, code)
        return Written(Channel.SMS, message, (row,), attempt.unsure_since)

    async def _reach(
        self,
        work: UnitOfWork,
        notice_id: UUID,
        attempt: SendAttempt,
        kind: NoticeKind | AccountEmailKind,
        audience: str,
        address: str | None,
    ) -> _Reach | DropReason | str:
        """The channel of this attempt. The first attempt decides the order; later ones keep it."""
        optional = is_optional(kind, audience)
        is_short = kind in SHORT or (kind is NoticeKind.BOOKING_PROOF and address is None)
        rows = await work.messages.channels.reach(notice_id) if is_short and audience != "business" else []
        choices: list[Choice] = []
        business_id = None
        if rows or optional:
            person = await _person(work, notice_id, rows)
            if person is not None:
                choices, business_id = await work.messages.preferences.choices_of(person), person.business_id
        refused = {one for one in Channel if optional and not is_enabled(kind, one, choices, business_id)}
        channel = attempt.channel
        if attempt.is_undecided and attempt.id is not None:
            known = {Channel(row.channel) for row in rows} | ({Channel.EMAIL} if address is not None else set())
            reachable = known & self._on
            channels = route(kind, audience, reachable, positions(kind, choices, business_id), refused)
            if not channels:
                return DropReason.OPTED_OUT if reachable & refused else "no_address"
            await work.messages.notices.decide_route(notice_id, attempt.id, channels)
            channel = channels[0]
        elif channel in refused:
            return DropReason.OPTED_OUT
        return _Reach(channel, [row for row in rows if row.channel == channel])

    async def _short(
        self,
        work: UnitOfWork,
        notice_id: UUID,
        attempt: SendAttempt,
        reach: _Reach,
        write: Callable[[str], ShortMessage],
    ) -> Written:
        code = await work.messages.channels.link_code(notice_id, new_link_code())
        message = write(MessageLinks(self._links, self._public_url).short(code))
        unsure_since = None if attempt.is_undecided else attempt.unsure_since
        return Written(reach.channel, message, reach.addresses, unsure_since)

    async def _is_within_quota(
        self, work: UnitOfWork, channel: Channel, business_id: UUID | None, attempt: SendAttempt
    ) -> bool:
        """Counts a message once for each channel that it is sent through."""
        window = self._rules.window(channel, business_id)
        if window is None or (attempt.tries and not attempt.is_undecided):
            return True
        [result] = await work.platform.rate_limits.count([window])
        return result.allowed

    async def _decide(
        self, work: UnitOfWork, notice_id: UUID, attempt: SendAttempt, reach: _Reach, address: str | None
    ) -> SendDecision:
        assert attempt.id is not None  # noqa: S101 - an attempt is open here
        to = address if reach.channel is Channel.EMAIL else next((row.address for row in reach.addresses), None)
        return await work.messages.notices.decide_send(notice_id, attempt.id, to or "", self.limits)


async def _person(work: UnitOfWork, notice_id: UUID, rows: Sequence[AddressRow]) -> Person | None:
    """Whose choices count."""
    recipient = await work.messages.preferences.find_recipient(notice_id)
    if recipient is not None:
        return recipient.person
    return Person(user_id=rows[0].user_id) if rows else None


async def _own_text(work: UnitOfWork, content: NoticeContent) -> OwnText | None:
    """The text that the business has written for this kind of message to its customers."""
    kind = NoticeKind(content.kind)
    if content.audience != "customer" or kind not in RULES:
        return None
    return await work.messages.texts.find(content.business_id, kind, content.language)


def _reached(content: AccountEmailContent, reach: _Reach) -> AccountEmailContent:
    """With an address where the message goes through another channel than e-mail."""
    return content if reach.channel is Channel.EMAIL else replace(content, address=content.address or "-")


def _facts(content: NoticeContent, has_address: bool) -> NoticeFacts:
    reminded, pay_until = content.facts.get("start_at"), content.facts.get("pay_until")
    return NoticeFacts(
        NoticeKind(content.kind),
        has_address=has_address,
        booking_status=BookingStatus(content.booking_status),
        start_at=content.start_at,
        reminded_start_at=datetime.fromisoformat(reminded) if isinstance(reminded, str) else None,
        has_money=bool(content.captured or content.authorized),
        proof_deadline=content.proof_deadline,
        is_reviewed=content.is_reviewed,
        pay_until=datetime.fromisoformat(pay_until) if isinstance(pay_until, str) else None,
    )


async def _english_city(postal_code: str | None, city: str | None) -> str | None:
    """``Shibuya-ku`` for ``渋谷区``, from Japan Post's kana for the postal code; unchanged if there is none."""
    if not postal_code or not city:
        return city
    readings = [place.city_kana for place in await places_of(postal_code) if place.city == city]
    return next((latin for kana in readings if kana and (latin := latin_city(city, kana))), city)

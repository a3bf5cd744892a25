"""What a cancellation costs by the policy that the customer accepted when booking: deadlines and amounts.

The platform charges no more than what was paid or authorized online (`domain.catalogue.cancellation.penalty`), so a
booking that is paid at the venue has no terms here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.messages.notices import NoticeContent
from domain.booking_status import BookingStatus
from domain.bookings.decisions import KeptPenalty
from domain.catalogue.cancellation import Policy, tier_at
from domain.messages.formats import money, short
from domain.messages.kinds import NoticeKind
from domain.payments.status import PaymentMode

#: The business cannot keep the time, so cancelling is free under every policy.
_FREE = frozenset({NoticeKind.REACCOMMODATION_OFFERED, NoticeKind.REACCOMMODATION_REMINDER})
_AHEAD = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})


def terms(content: NoticeContent) -> list[str]:
    """The policy as lines, for a customer whose visit is in the future; empty where no policy applies."""
    if content.audience != "customer" or content.kind in _FREE or content.booking_status not in _AHEAD:
        return []
    if not content.amount_due:
        return []
    agreed, words = Policy.from_json(content.policy), _Words(content)
    lines = []
    for tier in agreed.tiers[:-1]:
        deadline = content.start_at - timedelta(hours=tier.hours_before)
        lines.append(words.until(deadline, tier.penalty_percent))
    if agreed.tiers:
        lines.append(words.later(agreed.tiers[-1].penalty_percent, only=len(agreed.tiers) == 1))
    else:
        lines.append(words.later(0, only=True))
    lines.append(words.no_show(agreed.no_show_percent))
    if _kept(content).percent:
        lines.append(words.moved())
    if any(percent for percent in (agreed.no_show_percent, *(tier.penalty_percent for tier in agreed.tiers))):
        lines.append(words.source())
    return lines


def free_until(content: NoticeContent, now: datetime) -> datetime | None:
    """Until when cancelling is free; None if that moment has passed or nothing would be charged anyway."""
    tiers = Policy.from_json(content.policy).tiers
    if _kept(content).at(now):
        return None
    if not content.amount_due or content.booking_status != BookingStatus.CONFIRMED:
        return None
    free = [tier for position, tier in enumerate(tiers) if not any(t.penalty_percent for t in tiers[: position + 1])]
    if len(free) == len(tiers):
        return content.start_at if content.start_at > now else None
    moment = content.start_at - timedelta(hours=free[-1].hours_before) if free else now
    return moment if moment > now else None


def fee_now(content: NoticeContent, now: datetime) -> int:
    """What cancelling at ``now`` would cost, in minor units; 0 if it is free."""
    if content.booking_status != BookingStatus.CONFIRMED:
        return 0
    tier = tier_at(Policy.from_json(content.policy), content.start_at, now)
    percent = max(tier.penalty_percent if tier else 0, _kept(content).at(now))
    held = content.captured - content.refunded + content.authorized
    return min(content.price * percent // 100, held)


def _kept(content: NoticeContent) -> KeptPenalty:
    return KeptPenalty(content.kept_penalty_percent, content.kept_penalty_until)


@dataclass(frozen=True, slots=True)
class _Words:
    content: NoticeContent

    @property
    def _japanese(self) -> bool:
        return self.content.language == "ja"

    def until(self, deadline: datetime, percent: int) -> str:
        when = short(deadline, self.content.time_zone, self.content.language)
        return f"{when}まで：{self._fee(percent)}" if self._japanese else f"Until {when}: {self._fee(percent)}"

    def later(self, percent: int, *, only: bool) -> str:
        if self._japanese:
            return f"{'いつでも' if only else 'それ以降'}：{self._fee(percent)}"
        return f"{'At any time' if only else 'Later'}: {self._fee(percent)}"

    def no_show(self, percent: int) -> str:
        fee = self._fee(percent)
        return f"ご連絡なくお越しにならなかった場合：{fee}" if self._japanese else f"If you do not come: {fee}"

    def moved(self) -> str:
        """The fee that is kept because the booking was moved when cancelling was no longer free."""
        content = self.content
        fee, until = self._fee(content.kept_penalty_percent), content.kept_penalty_until
        if until is None:
            return f"日時変更後のキャンセル料：{fee}以上" if self._japanese else f"Because it was moved: at least {fee}"
        end = short(until, content.time_zone, content.language)
        if self._japanese:
            return f"日時変更後のキャンセル料（{end}まで）：{fee}以上"
        return f"Because it was moved, until {end}: at least {fee}"

    def source(self) -> str:
        """Where the fee is taken from."""
        if self.content.payment_mode == PaymentMode.CARD_HOLD:
            return (
                "キャンセル料は、ご登録のカードに請求いたします。"
                if self._japanese
                else "The fee is charged to the card that you gave."
            )
        return (
            "キャンセル料は、オンラインでお支払い済みの金額から申し受けます。"
            if self._japanese
            else "The fee is taken from what you paid online."
        )

    def _fee(self, percent: int) -> str:
        content = self.content
        due = content.price * percent // 100
        if not due:
            return "無料" if self._japanese else "free"
        kept = min(due, content.amount_due)
        amount = money(kept, content.currency, content.language)
        if self._japanese:
            return f"料金の{percent}%（{amount}）" if kept == due else f"料金の{percent}%（{amount}まで）"
        return f"{percent}% of the price ({amount})" if kept == due else f"{percent}% of the price (at most {amount})"

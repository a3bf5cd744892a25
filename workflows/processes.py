"""The list of all processes that outbox rows can start or signal."""

from collections.abc import Sequence
from typing import Any

from workflows.analytics.daily import start as analytics
from workflows.analytics.export import start as analytics_exports
from workflows.bookings.booking import start as bookings
from workflows.bookings.waitlist import start as waitlist
from workflows.customers.archive import start as archives
from workflows.customers.importing import start as customer_imports
from workflows.identity.two_factor_reset import start as two_factor_resets
from workflows.marketing.automation import start as automations
from workflows.marketing.campaign import start as campaigns
from workflows.media.inspection import start as media
from workflows.messages.notice import start as notices
from workflows.onboarding.verification import start as verification
from workflows.payments.dispute import start as disputes
from workflows.payments.refund import start as refunds
from workflows.platform.flag_rollout import start as flags
from workflows.privacy.erasure import start as erasures
from workflows.privacy.export import start as exports
from workflows.reviews.review import start as reviews
from workflows.scheduling.reaccommodation import start as reaccommodations
from workflows.start import ProcessSignal, ProcessStart

PROCESSES: Sequence[ProcessStart[Any] | ProcessSignal[Any]] = (
    *(bookings.START, bookings.PAYMENT_EVENTS, bookings.ORDERS, bookings.STRANDED),
    *(refunds.START, refunds.EVENTS),
    disputes.START,
    *(reaccommodations.START, reaccommodations.DECIDED),
    waitlist.WOKEN,
    notices.START,
    flags.START,
    media.START,
    exports.START,
    customer_imports.START,
    archives.START,
    erasures.START,
    two_factor_resets.START,
    verification.START,
    reviews.CHANGED,
    *(campaigns.START, automations.CHANGED),
    *(analytics.MARKED, analytics_exports.START),
)

"""Every router under ``/api/v1``. Inside a router fixed paths come before ``/:id``, so that they match first."""

from fastapi import APIRouter

from api.v1.analytics.exports import endpoints as analytics_exports
from api.v1.analytics.figures import endpoints as analytics
from api.v1.analytics.no_shows import endpoints as no_shows
from api.v1.bookings.assignments import endpoints as assignments
from api.v1.bookings.blocks import endpoints as blocks
from api.v1.bookings.bookings import endpoints as bookings
from api.v1.bookings.calendars import endpoints as calendars
from api.v1.bookings.live import endpoints as live
from api.v1.bookings.reaccommodations import endpoints as stranded
from api.v1.bookings.series import endpoints as series
from api.v1.bookings.timeline import endpoints as timeline
from api.v1.bookings.waitlist import endpoints as waitlist
from api.v1.bookings.walk_ins import endpoints as walk_ins
from api.v1.businesses.businesses import endpoints as businesses
from api.v1.businesses.businesses import owner_endpoints as own_businesses
from api.v1.businesses.postal_codes import endpoints as postal_codes
from api.v1.catalogue.policies import endpoints as policies
from api.v1.catalogue.resources import working_hours_endpoints as working_hours
from api.v1.catalogue.services import endpoints as catalogue
from api.v1.catalogue.services import owner_endpoints as own_catalogue
from api.v1.customers.archives import endpoints as archives
from api.v1.customers.customers import endpoints as customers
from api.v1.customers.imports import endpoints as customer_imports
from api.v1.customers.merges import endpoints as customer_merges
from api.v1.customers.notes import endpoints as customer_notes
from api.v1.identity.auth import endpoints as auth
from api.v1.identity.links import endpoints as links
from api.v1.identity.sessions import endpoints as sessions
from api.v1.identity.two_factor import endpoints as two_factor
from api.v1.identity.two_factor_resets import endpoints as two_factor_resets
from api.v1.marketing.automations import endpoints as automations
from api.v1.marketing.campaigns import endpoints as campaigns
from api.v1.media.media import endpoints as media
from api.v1.messages.brands import endpoints as message_brands
from api.v1.messages.channels import endpoints as message_channels
from api.v1.messages.ledger import endpoints as message_ledger
from api.v1.messages.notifications import endpoints as notifications
from api.v1.messages.preferences import endpoints as message_preferences
from api.v1.messages.texts import endpoints as message_texts
from api.v1.messages.undelivered import endpoints as undelivered
from api.v1.onboarding.verification import admin_endpoints as admin_reviews
from api.v1.onboarding.verification import owner_endpoints as own_reviews
from api.v1.payments.accounts import endpoints as payment_accounts
from api.v1.payments.disputes import endpoints as disputes
from api.v1.payments.events import endpoints as payment_events
from api.v1.payments.payments import endpoints as payments
from api.v1.payments.payouts import endpoints as payouts
from api.v1.payments.receipts import endpoints as receipts
from api.v1.payments.reconciliation import endpoints as reconciliation
from api.v1.payments.venue import endpoints as venue_payments
from api.v1.platform.attention import endpoints as attention
from api.v1.platform.audit import endpoints as audit
from api.v1.platform.flags import endpoints as flags
from api.v1.platform.flags import rollout_endpoints as rollouts
from api.v1.platform.payloads import endpoints as payloads
from api.v1.platform.state import endpoints as platform_state
from api.v1.privacy.data_rights import endpoints as data_rights
from api.v1.reviews.reviews import endpoints as reviews
from api.v1.reviews.reviews import moderation_endpoints as review_moderation
from api.v1.scheduling.availability import endpoints as availability
from api.v1.scheduling.schedules import endpoints as schedules
from api.v1.scheduling.staff import endpoints as staff

#: The most used ones first: a request tries the routes in order, 3 µs each.
ROUTERS: tuple[APIRouter, ...] = (
    availability.router,
    series.router,
    bookings.router,
    walk_ins.router,
    timeline.router,
    live.router,
    payments.router,
    payment_accounts.router,
    reconciliation.router,
    disputes.router,
    payouts.router,
    payouts.fees,
    payouts.admin_router,
    venue_payments.router,
    venue_payments.tills,
    customer_notes.router,
    archives.router,
    customer_imports.router,
    customer_merges.router,
    customers.router,
    receipts.router,
    businesses.router,
    catalogue.router,
    auth.router,
    sessions.router,
    links.router,
    two_factor.router,
    two_factor_resets.router,
    message_preferences.router,
    message_brands.router,
    message_ledger.router,
    message_ledger.admin_router,
    undelivered.router,
    message_texts.router,
    message_channels.router,
    notifications.router,
    media.router,
    own_businesses.router,
    postal_codes.router,
    own_catalogue.router,
    policies.router,
    stranded.router,
    calendars.router,
    blocks.router,
    waitlist.router,
    reviews.router,
    review_moderation.router,
    campaigns.router,
    automations.router,
    staff.router,
    assignments.router,
    working_hours.router,
    schedules.router,
    analytics_exports.router,
    analytics.router,
    no_shows.router,
    audit.router,
    data_rights.router,
    attention.router,
    payment_events.router,
    flags.router,
    rollouts.router,
    payloads.router,
    platform_state.router,
    own_reviews.router,
    admin_reviews.router,
)

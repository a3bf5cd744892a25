"""Every router under ``/api/v1``. Inside a router fixed paths come before ``/:id``, so that they win."""

from fastapi import APIRouter

from api.attention import endpoints as attention
from api.audit import endpoints as audit
from api.auth import endpoints as auth
from api.auth import link_endpoints as links
from api.auth import session_endpoints as sessions
from api.auth import two_factor_endpoints as two_factor
from api.availability import endpoints as availability
from api.bookings import endpoints as bookings
from api.bookings import stranded_endpoints as stranded
from api.businesses import endpoints as businesses
from api.businesses import owner_endpoints as own_businesses
from api.catalogue import endpoints as catalogue
from api.catalogue import owner_endpoints as own_catalogue
from api.catalogue import policy_endpoints as policies
from api.data_rights import endpoints as data_rights
from api.flags import endpoints as flags
from api.flags import rollout_endpoints as rollouts
from api.media import endpoints as media
from api.notifications import endpoints as notifications
from api.payments import endpoints as payments
from api.postal_codes import endpoints as postal_codes
from api.staff import endpoints as staff
from api.staff import schedule_endpoints as schedules
from api.verification import admin_endpoints as admin_reviews
from api.verification import owner_endpoints as own_reviews

#: The busy ones first: a request tries the routes one after the other, and each costs it 3 µs.
ROUTERS: tuple[APIRouter, ...] = (
    availability.router,
    bookings.router,
    payments.router,
    businesses.router,
    catalogue.router,
    auth.router,
    sessions.router,
    links.router,
    two_factor.router,
    notifications.router,
    media.router,
    own_businesses.router,
    postal_codes.router,
    own_catalogue.router,
    policies.router,
    stranded.router,
    staff.router,
    schedules.router,
    audit.router,
    data_rights.router,
    attention.router,
    flags.router,
    rollouts.router,
    own_reviews.router,
    admin_reviews.router,
)

"""Status and sentences of every error code, rule and state, of all areas: each declares its own in
``api/http/texts/<area>.py``. What several areas use is in `api.http.texts.shared` and `api.http.texts.shared_rules`."""

from collections.abc import Mapping

from api.http.texts import (
    analytics,
    bookings,
    businesses,
    catalogue,
    customers,
    identity,
    marketing,
    media,
    messages,
    onboarding,
    payments,
    platform,
    privacy,
    reviews,
    scheduling,
    shared,
)
from api.http.texts.text import Meaning, Text, Texts, joined

AREAS: Mapping[str, Texts] = {
    "shared": shared.TEXTS,
    "platform": platform.TEXTS,
    "messages": messages.TEXTS,
    "identity": identity.TEXTS,
    "payments": payments.TEXTS,
    "scheduling": scheduling.TEXTS,
    "catalogue": catalogue.TEXTS,
    "businesses": businesses.TEXTS,
    "media": media.TEXTS,
    "onboarding": onboarding.TEXTS,
    "customers": customers.TEXTS,
    "bookings": bookings.TEXTS,
    "reviews": reviews.TEXTS,
    "marketing": marketing.TEXTS,
    "analytics": analytics.TEXTS,
    "privacy": privacy.TEXTS,
}

MEANINGS: Mapping[str, Meaning] = joined(area.meanings for area in AREAS.values())
WITH_VALUES: Mapping[str, Text] = joined(area.with_values for area in AREAS.values())
BY_CAUSE: Mapping[tuple[str, str], Text] = joined(area.by_cause for area in AREAS.values())
RULES: Mapping[str, Text] = joined(area.rules for area in AREAS.values())
STATES: Mapping[str, Text] = joined(area.states for area in AREAS.values())
MISSING: Mapping[str, Text] = joined(area.missing for area in AREAS.values())

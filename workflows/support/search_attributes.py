"""The search attributes by which operators find runs, for example all bookings of a business that wait for payment."""

from temporalio.common import SearchAttributeKey

BUSINESS_ID = SearchAttributeKey.for_keyword("BusinessId")
BOOKING_ID = SearchAttributeKey.for_keyword("BookingId")
STAGE = SearchAttributeKey.for_keyword("Stage")
STARTS_AT = SearchAttributeKey.for_datetime("StartsAt")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("NeedsAttention")

ALL = (BUSINESS_ID, BOOKING_ID, STAGE, STARTS_AT, NEEDS_ATTENTION)

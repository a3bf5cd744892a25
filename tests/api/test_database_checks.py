"""What the code accepts, the database accepts too: each CHECK that input can reach is compared with its twin in code.

The checks are read from the migrated database, so a new one must be given its twin here, or be named as one that no
input reaches.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from api.v1.businesses.businesses.schemas import BusinessCreate, LocationWrite
from api.v1.businesses.businesses.settings_schemas import SettingsUpdate
from api.v1.catalogue.policies.schemas import PolicyCreate
from api.v1.catalogue.resources.schemas import ResourceCreate
from api.v1.catalogue.services.schemas import RequirementWrite, ServiceCreate
from api.v1.marketing.automations.schemas import AutomationCreate
from api.v1.marketing.campaigns.schemas import CampaignCreate
from api.v1.messages.brands.schemas import MessageBrandUpdate
from api.v1.platform.flags.schemas import FlagCreate
from api.v1.reviews.reviews.schemas import ReviewCreate
from api.v1.scheduling.schedules.hours_schemas import HoursRangeWrite
from domain.bookings.waitlist import Wanted
from domain.catalogue.service import ServiceTerms, check_terms
from domain.errors import DomainError
from domain.money import Money
from domain.payments.status import PaymentMode
from domain.scheduling.blocks import block_times
from domain.scheduling.hours import MinuteRange, check_day
from domain.scheduling.recurrence import ONCE
from domain.scheduling.staff_exceptions import CalendarException, ExceptionKind
from tests.support.servers import PostgresServer, copy_of_template

NUMBERS: tuple[object, ...] = tuple(
    {edge + step for edge in (0, 1, 9, 90, 100, 180, 480, 500, 1440, 2880, 10**9) for step in (-1, 0, 1)}
)
DEGREES: tuple[object, ...] = (-180.1, -180, -90.1, -90, 0, 90, 90.1, 180, 180.1)
COLOURS: tuple[object, ...] = (None, "#000000", "#7A3B69", "#abcdef", "000000", "#fff", "#00000g", "", " #000000")
WORDS: tuple[object, ...] = (
    "sakura",
    "sakura-ginza",
    "sakura_ginza",
    "Sakura",
    "sakura-",
    "-sakura",
    "a--b",
    "a.b",
    "a..b",
    "sakura\n",
    "sákura",
    "さくら",
    "a" * 60,
    "a" * 80,
    "a" * 81,
    "ab",
    "a",
    "",
    "sakura2",
    "sakura٢",
    "ｓａｋｕｒａ",
)
NUMBER = "T8700110005901"
INVOICES: tuple[object, ...] = (
    NUMBER,
    NUMBER + "\n",
    NUMBER.lower(),
    NUMBER.replace("T8", "T8-"),
    "".join(chr(ord(sign) + 0xFEE0) for sign in NUMBER),
    NUMBER[:2] + "".join(chr(ord("٠") + int(digit)) for digit in NUMBER[2:]),
    "T7" + "٠" * 10,
    "T0000000000000",
    "T" + "9" * 13,
    "",
)
LENGTHS: tuple[object, ...] = (timedelta(days=-1), timedelta(), timedelta(seconds=1), timedelta(days=9))
TEXTS: tuple[object, ...] = ({"ja": "桜"}, {"en": "Sakura"}, {"ja": "桜", "en": "Sakura"}, {}, {"fr": "Cerisier"})


@dataclass(frozen=True)
class Twin:
    """``read`` gives the columns that are stored for a value, or raises."""

    read: Callable[[Any], dict[str, Any]]
    values: tuple[object, ...]


def field(model: type[BaseModel], name: str, values: tuple[object, ...], column: str | None = None) -> Twin:
    """The field of a schema that is stored in ``column``."""
    info = model.model_fields[name]
    annotation: Any = info.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[annotation, *info.metadata] if info.metadata else annotation)

    def read(value: object) -> dict[str, Any]:
        stored = adapter.validate_python(value)
        return {column or name: stored.stored() if hasattr(stored, "stored") else stored}

    return Twin(read, values)


def terms(name: str, values: tuple[object, ...], **others: Any) -> Twin:
    """One column of a service among others that are in order."""

    def read(value: object) -> dict[str, Any]:
        columns = {"price": 1000, "mode": "prepay", "percent": None, "deposit": None, "least": 1, "most": 4}
        columns |= others | {name: value}
        deposit = columns["deposit"]
        check_terms(
            ServiceTerms(
                "JPY",
                Money(columns["price"], "JPY"),
                PaymentMode(columns["mode"]),
                columns["percent"],
                None if deposit is None else Money(deposit, "JPY"),
                columns["least"],
                columns["most"],
            )
        )
        return {
            "price": columns["price"],
            "payment_mode": columns["mode"],
            "deposit_percent": columns["percent"],
            "deposit_amount": deposit,
            "party_min": columns["least"],
            "party_max": columns["most"],
        }

    return Twin(read, values)


def minutes(value: Any) -> dict[str, Any]:
    (span,) = check_day([MinuteRange(*value)])
    return {"opens": span.start, "closes": span.end}


def exception(value: Any) -> dict[str, Any]:
    days, kind, ranges = value
    one = CalendarException(date(2026, 12, 1), date(2026, 12, 1) + timedelta(days), kind, ranges)
    return {
        "first_day": one.first_day,
        "last_day": one.last_day,
        "kind": one.kind.value,
        "ranges": [[span.start, span.end] for span in one.ranges],
    }


SPANS = tuple((start, end) for start in (-1, 0, 1439, 1440) for end in (-1, 0, 1, 1440, 1441, 2880, 2881))
EXCEPTIONS = tuple(
    (days, kind, ranges) for days in (-1, 0, 1) for kind in ExceptionKind for ranges in ((), (MinuteRange(60, 120),))
)


def block(value: Any) -> dict[str, Any]:
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    times = block_times(start, start + value, ONCE, ZoneInfo("Asia/Tokyo"))
    return {"starts_at": times[0].starts_at, "ends_at": times[-1].ends_at}


def waits(value: Any) -> dict[str, Any]:
    days, times, party = value
    first = date(2026, 12, 1)
    spans = tuple(MinuteRange(60 * number, 60 * number + 30) for number in range(times))
    wanted = Wanted(first, first + timedelta(days), spans, (), party)
    return {
        "first_day": wanted.first_day,
        "last_day": wanted.last_day,
        "times": [[span.start, span.end] for span in wanted.times],
        "party_size": wanted.party_size,
    }


WAITS = tuple((days, times, party) for days in (-1, 0, 30, 31) for times in (0, 6, 7) for party in (0, 1))
MINUTES, EXCEPTION = Twin(minutes, SPANS), Twin(exception, EXCEPTIONS)
TWINS: dict[str, tuple[Twin, ...]] = {
    "ck_reviews_rating_in_range": (field(ReviewCreate, "rating", NUMBERS),),
    "ck_business_hours_minutes_in_order": (MINUTES,),
    "ck_staff_working_hours_minutes_in_order": (MINUTES,),
    "ck_business_settings_address_proof_in_range": (field(SettingsUpdate, "address_proof_within", LENGTHS),),
    "ck_business_settings_phone_proof_in_range": (field(SettingsUpdate, "phone_proof_within", LENGTHS),),
    "ck_business_settings_booking_window_positive": (field(SettingsUpdate, "booking_window", LENGTHS),),
    "ck_business_settings_hold_positive": (field(SettingsUpdate, "hold_for", LENGTHS),),
    "ck_business_settings_provisional_in_range": (field(SettingsUpdate, "provisional_for", LENGTHS),),
    "ck_business_settings_unproven_holds_in_range": (field(SettingsUpdate, "unproven_holds", NUMBERS),),
    "ck_business_settings_konbini_days_in_range": (field(SettingsUpdate, "konbini_days", NUMBERS),),
    "ck_business_settings_review_request_in_range": (field(SettingsUpdate, "review_request_days", NUMBERS),),
    "ck_campaigns_count_days_possible": (field(CampaignCreate, "count_days", NUMBERS),),
    "ck_automations_days_possible": (field(AutomationCreate, "days", NUMBERS),),
    "ck_business_settings_undo_in_range": (field(SettingsUpdate, "undo_within", LENGTHS),),
    "ck_business_settings_lead_time_not_negative": (field(SettingsUpdate, "lead_time", LENGTHS),),
    "ck_business_settings_slot_interval_in_range": (field(SettingsUpdate, "slot_interval_minutes", NUMBERS),),
    "ck_businesses_invoice_number_form": (field(BusinessCreate, "invoice_number", INVOICES),),
    "ck_businesses_latitude_in_range": (field(LocationWrite, "latitude", DEGREES),),
    "ck_businesses_longitude_in_range": (field(LocationWrite, "longitude", DEGREES),),
    "ck_businesses_slug_plain": (field(BusinessCreate, "slug", WORDS),),
    "ck_businesses_name_bilingual": (field(BusinessCreate, "name", TEXTS),),
    "ck_businesses_legal_notice_bilingual": (field(BusinessCreate, "legal_notice", TEXTS),),
    "ck_cancellation_policies_name_bilingual": (field(PolicyCreate, "name", TEXTS),),
    "ck_cancellation_policies_no_show_percent_in_range": (field(PolicyCreate, "no_show_percent", NUMBERS),),
    "ck_message_brands_colour_is_hexadecimal": (field(MessageBrandUpdate, "colour", COLOURS),),
    "ck_feature_flags_name_plain": (field(FlagCreate, "name", WORDS),),
    "ck_resources_capacity_in_range": (field(ResourceCreate, "capacity", NUMBERS),),
    "ck_resources_seats_in_range": (field(ResourceCreate, "seats", NUMBERS),),
    "ck_resources_name_bilingual": (field(ResourceCreate, "name", TEXTS),),
    "ck_service_resources_requirement_group_in_range": (
        field(RequirementWrite, "group", NUMBERS, "requirement_group"),
    ),
    "ck_services_category_bilingual": (field(ServiceCreate, "category", TEXTS),),
    "ck_services_name_bilingual": (field(ServiceCreate, "name", TEXTS),),
    "ck_services_buffer_before_in_range": (field(ServiceCreate, "buffer_before_minutes", NUMBERS),),
    "ck_services_buffer_after_in_range": (field(ServiceCreate, "buffer_after_minutes", NUMBERS),),
    "ck_services_max_wait_in_quarters": (field(ServiceCreate, "max_wait_minutes", NUMBERS),),
    "ck_services_duration_in_range": (field(ServiceCreate, "duration_minutes", NUMBERS),),
    "ck_services_capacity_in_range": (field(ServiceCreate, "capacity", NUMBERS),),
    "ck_services_deposit_percent_in_range": (field(ServiceCreate, "deposit_percent", NUMBERS),),
    "ck_services_party_in_order": (terms("least", (1, 4, 5)), terms("most", (1, 4))),
    "ck_services_price_not_negative": (terms("price", (0, 1), mode="none"),),
    "ck_services_online_payment_has_a_price": tuple(terms("price", (0, 1), mode=mode) for mode in PaymentMode),
    "ck_services_deposit_amount_positive": (terms("deposit", (0, 1, 1000, 1001), mode="deposit"),),
    "ck_services_deposit_says_how_much": (
        terms("percent", (None, 20), mode="deposit"),
        terms("percent", (None, 20), mode="deposit", deposit=100),
        terms("percent", (None, 20)),
    ),
    "ck_blocks_time_in_order": (Twin(block, LENGTHS),),
    "ck_waitlist_days_in_range": (Twin(waits, WAITS),),
    "ck_waitlist_times_in_range": (Twin(waits, WAITS),),
    "ck_waitlist_party_positive": (Twin(waits, WAITS),),
    "ck_staff_exceptions_days_in_order": (EXCEPTION,),
    "ck_staff_exceptions_hours_have_ranges": (EXCEPTION,),
}
#: Written by the platform from facts of its own; no field of a request ends there as it is. Checks named ``_known``
#: repeat an enum of the domain and are made from it.
NO_INPUT = {
    "ck_user_two_factors_reset_whole",  # both are written by one statement
    "ck_automations_enabled_has_time",  # both are written by one statement
    "ck_campaigns_started_has_time",  # both are written by one statement
    "ck_marketing_sends_of_one_sender",
    "ck_analytics_daily_hours_hour_in_range",
    "ck_analytics_daily_net_is_the_difference",
    "ck_analytics_progress_one_row",
    "ck_block_times_time_in_order",
    "ck_business_archives_ready_has_an_end",  # written by one statement
    "ck_analytics_exports_ready_has_an_end",  # as above
    "ck_analytics_exports_days_in_order",  # the rule of a period refuses it first
    "ck_customers_merged_is_deleted",  # both are written by one statement
    "ck_booking_items_position_in_range",
    "ck_booking_payments_amount_positive",
    "ck_booking_payments_captured_in_range",
    "ck_booking_payments_refunded_in_range",
    "ck_bookings_amounts_in_order",
    "ck_bookings_dues_in_order",
    "ck_bookings_kept_penalty_percent_in_range",
    "ck_bookings_moves_not_negative",
    "ck_bookings_party_positive",
    "ck_bookings_pending_has_an_end",
    "ck_bookings_time_in_order",
    "ck_bookings_undo_whole",
    "ck_business_hours_weekday_known",
    "ck_staff_working_hours_weekday_known",
    "ck_business_media_captions_bilingual",
    "ck_business_media_featured_is_ready",
    "ck_business_media_rejected_with_reason",
    "ck_data_exports_ready_has_an_end",
    "ck_feature_flags_share_in_range",
    "ck_notification_outbox_has_recipient",
    "ck_notification_preferences_of_one_person",
    "ck_notification_preferences_position_of_channel",  # the schema takes 1 to 4
    "ck_channel_addresses_code_of_sms",  # written by one statement
    "ck_channel_addresses_keys_of_push",  # written by one statement for each channel
    "ck_consents_has_its_proof",
    "ck_payment_disputes_amounts_not_negative",
    "ck_payment_disputes_closed_with_its_outcome",
    "ck_payment_transactions_amount_not_negative",
    "ck_reaccommodations_decided",
    "ck_receipts_of_one_payment",
    "ck_refunds_amount_positive",
    "ck_resource_claims_taken_by_one",
    "ck_waitlist_accepted_has_a_booking",
    "ck_waitlist_decided",
    "ck_waitlist_end_has_a_reason",
    "ck_waitlist_offers_decided",
    "ck_waitlist_offers_ends_before_the_start",
    "ck_waitlist_offers_party_positive",
    "ck_waitlist_offers_time_in_order",
    "ck_waitlist_reachable",
    "ck_waitlist_unanswered_not_negative",
    "ck_waitlist_unproven_has_a_deadline",
    "ck_resource_claims_time_in_order",
    "ck_resource_claims_unit_not_negative",
    "ck_series_occurrences_booked_or_refused",
    "ck_services_tax_percent_known",
    "ck_staff_invitations_one_resource",
    "ck_staff_invitations_resource_name_bilingual",
    "ck_tills_amounts_not_negative",  # no amount of a request is negative
    "ck_tills_closed_with_its_count",
    "ck_customer_notes_health_is_encrypted",
    "ck_receipt_numbers_last_positive",
    "ck_receipts_sequence_positive",
    "ck_receipts_total_positive",
    "ck_review_history_step_allowed",
    "ck_review_moderations_decided_whole",
    "ck_review_statistics_not_negative",
    "ck_reviews_deleted_is_empty",
    "ck_reviews_published_has_a_day",
    "ck_reviews_removed_with_reason",
    "ck_reviews_reply_whole",
    "ck_reviews_version_positive",
    "ck_venue_payments_amount_has_its_sign",
    "ck_venue_payments_correction_has_a_reason",
    "ck_venue_payments_correction_has_its_person",
    "ck_venue_payments_reversal_names_its_entry",
}


@pytest_asyncio.fixture(scope="module")
async def connection(migrated_postgres: PostgresServer) -> AsyncIterator[AsyncConnection]:
    async with copy_of_template(migrated_postgres) as database:
        engine = create_async_engine(database.owner_url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connected:
            yield connected
        await engine.dispose()


async def checks_of(connection: AsyncConnection) -> dict[str, tuple[str, str]]:
    """The table and the expression of every check of the application's tables."""
    rows = await connection.execute(
        text(
            "SELECT c.conname, c.conrelid::regclass::text, pg_get_expr(c.conbin, c.conrelid) FROM pg_constraint c "
            "WHERE c.contype = 'c' AND c.connamespace = 'public'::regnamespace AND c.conrelid <> 0"
        )
    )
    return {name: (table, expression) for name, table, expression in rows}


async def test_database_checks_have_a_twin_or_are_out_of_reach(connection: AsyncConnection) -> None:
    names = {name for name in await checks_of(connection) if not name.endswith("_known")}
    compared = TWINS.keys() | {name for name in NO_INPUT if not name.endswith("_known")}
    assert names == compared, (sorted(names - compared), sorted(compared - names))


async def passes(connection: AsyncConnection, table: str, expression: str, columns: dict[str, Any]) -> bool:
    """What the database says of a row with these columns, all others null."""
    row = f"jsonb_populate_record(NULL::{table}, CAST(:columns AS jsonb))"
    answer = await connection.execute(
        text(f"SELECT coalesce({expression}, true) FROM (SELECT ({row}).*) AS {table}").bindparams(
            columns=TypeAdapter(dict[str, Any]).dump_json(columns).decode()
        )
    )
    return bool(answer.scalar_one())


@pytest.mark.parametrize("name", sorted(TWINS))
async def test_database_takes_what_the_code_takes(connection: AsyncConnection, name: str) -> None:
    table, expression = (await checks_of(connection))[name]
    accepted = 0
    for twin in TWINS[name]:
        for value in twin.values:
            try:
                columns = twin.read(value)
            except (ValidationError, DomainError):
                continue
            accepted += 1
            assert await passes(connection, table, expression, columns), (name, value, columns)
    assert accepted


async def test_looser_twin_is_seen(connection: AsyncConnection) -> None:
    """The control: a number whose digits are of another script."""
    table, expression = (await checks_of(connection))["ck_businesses_invoice_number_form"]
    assert await passes(connection, table, expression, {"invoice_number": NUMBER})
    assert not await passes(connection, table, expression, {"invoice_number": "T7" + "٠" * 12})


def test_clock_of_hours_reads_ascii_digits_alone() -> None:
    with pytest.raises(ValidationError):
        HoursRangeWrite(opens="1٣:00", closes="19:00")

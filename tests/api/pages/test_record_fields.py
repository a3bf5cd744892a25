"""Fields of forms: the limits of the API's schema, and what is typed as the API takes it."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from api.pages.console import catalogue, messages, money, people
from api.pages.forms import Form
from api.pages.records import spans
from api.pages.records.fields import Field, Option, body_of, fields_of, nested, sentences, shown, typed
from api.pages.texts.words import WORDS
from api.v1.catalogue.policies.schemas import MoveRulesWrite, PolicyCreate
from api.v1.catalogue.services.schemas import ServiceCreate, ServiceUpdate
from api.v1.customers.customers.schemas import CustomerUpdate
from domain.bookings.waitlist import EntryStatus
from domain.media.status import MediaStatus
from domain.messages.kinds import Channel, NoticeKind, NoticeStatus
from domain.onboarding.verification import ReviewFacts, missing
from domain.payments.status import PaymentStatus, RefundStatus
from domain.reviews.status import PublicationStatus, RemovalReason

KINDS = (
    catalogue.SERVICES,
    catalogue.RESOURCES,
    catalogue.POLICIES,
    people.CUSTOMERS,
    people.TEAM,
    people.INVITATIONS,
    people.TIME_OFF,
    money.PAYMENTS,
    money.RECEIPTS,
    messages.NOTICES,
    messages.WAITLIST,
    messages.MOVED,
)


def form(text: str) -> Form:
    return Form(tuple(parse_qsl(text, keep_blank_values=True)))


def test_fields_have_the_limits_of_the_schema() -> None:
    price, duration, name, policy = fields_of(
        ServiceCreate, ("price", "duration_minutes", "name", "policy_id"), {"policy_id": [Option("1", text="Usual")]}
    )
    assert (price.kind, price.required) == ("money", True)
    assert (duration.kind, duration.limits) == ("number", {"min": 1, "max": 1440})
    assert (name.kind, name.limits) == ("bilingual", {"maxlength": 200})
    assert (policy.kind, policy.required) == ("choice", False)


def test_body_has_the_types_of_the_api() -> None:
    fields = fields_of(ServiceCreate, ("name", "price", "tax_percent", "duration_minutes", "is_active", "category"))
    sent = form(
        "name.ja=カット&name.en=&price=5500&tax_percent=10&duration_minutes=60&is_active=1&category.ja=&category.en="
    )
    assert body_of(fields, sent) == {
        "name": {"ja": "カット", "en": None},
        "price": {"amount": 5500, "currency": "JPY"},
        "tax_percent": 10,
        "duration_minutes": 60,
        "is_active": True,
    }


def test_body_of_a_change_erases_what_may_be_empty() -> None:
    fields = fields_of(ServiceUpdate, ("category", "duration_minutes"))
    assert body_of(fields, form("category.ja=&category.en=&duration_minutes="), change=True) == {"category": None}


def test_body_gives_what_is_no_number_to_the_api() -> None:
    fields = fields_of(ServiceCreate, ("duration_minutes", "price"))
    sent = body_of(fields, form("duration_minutes=an+hour&price=５０００"))
    assert sent == {"duration_minutes": "an hour", "price": {"amount": "５０００", "currency": "JPY"}}


def test_rows_and_parts_are_read_and_shown() -> None:
    tiers = [Option("hours_before"), Option("penalty_percent")]
    fields = [
        *fields_of(PolicyCreate, ("tiers",), {"tiers": tiers}, {"tiers": "rows"}),
        *nested("moves", fields_of(MoveRulesWrite, ("max_moves",))),
    ]
    record = {"tiers": [{"hours_before": 24, "penalty_percent": 0}], "moves": {"max_moves": 3}}
    assert shown(fields, record) == {
        "tiers.0.hours_before": "24",
        "tiers.0.penalty_percent": "0",
        "moves.max_moves": "3",
    }
    sent = form("tiers.0.hours_before=24&tiers.0.penalty_percent=0&tiers.1.hours_before=&moves.max_moves=3")
    assert body_of(fields, sent) == record


def test_tags_and_picks_are_lists() -> None:
    [tags] = fields_of(CustomerUpdate, ("tags",), kinds={"tags": "tags"})
    assert body_of([tags], form("tags=常連、VIP, 学生,"), change=True) == {"tags": ["常連", "VIP", "学生"]}
    picks = Field("ids", "picks", "field_name")
    assert body_of([picks], form("ids=1&ids=2")) == {"ids": ["1", "2"]}
    assert typed([picks], form("ids=1&ids=2")) == {"ids": ["1", "2"]}


@pytest.mark.parametrize(
    ("text", "number", "unit", "written"),
    [
        ("PT15M", "15", "minutes", "PT15M"),
        ("PT24H", "1", "days", "P1D"),
        ("PT90M", "90", "minutes", "PT90M"),
        ("P60D", "60", "days", "P60D"),
        ("PT0S", "0", "minutes", "PT0M"),
    ],
)
def test_durations_have_a_number_and_a_unit(text: str, number: str, unit: str, written: str) -> None:
    assert spans.split(text) == (number, unit)
    assert spans.joined(number, unit) == written


def test_week_is_read_as_it_is_shown() -> None:
    week: dict[str, Any] = {"monday": [{"opens": "10:00", "closes": "25:00"}], "public_holiday": None}
    inputs = spans.week_inputs("week", week, ("monday", "public_holiday"))
    assert inputs == {"week.monday.0.opens": "10:00", "week.monday.0.closes": "25:00"}
    sent = Form(tuple(inputs.items()))
    read = spans.week_of("week", sent, ("monday", "public_holiday"), 2)
    assert read == {"monday": week["monday"], "public_holiday": []}


def test_sentences_of_parts_stand_at_their_field() -> None:
    fields = fields_of(ServiceCreate, ("name", "price"))
    assert sentences(fields, {"price.amount": "too high", "other": "?"}) == {"price": "too high"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kinds_have_their_sentences(kind: Any) -> None:
    wanted = {f"records_{kind.name}", f"none_{kind.name}"}
    wanted |= {f"add_{kind.name}"} if kind.create else set()
    wanted |= {f"search_{kind.name}"} if kind.search else set()
    wanted |= {f"remove_{kind.name}", f"remove_say_{kind.name}"} if kind.remove else set()
    assert wanted <= WORDS.keys()


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("paid_", PaymentStatus),
        ("refund_", RefundStatus),
        ("sending_", NoticeStatus),
        ("notice_", NoticeKind),
        ("choice_channel_", Channel),
        ("waiting_", EntryStatus),
        ("review_is_", PublicationStatus),
        ("removal_", RemovalReason),
        ("media_", MediaStatus),
    ],
)
def test_values_of_the_api_have_their_sentences(prefix: str, values: Any) -> None:
    assert [one for one in values if f"{prefix}{one}" not in WORDS] == []


def test_missing_things_have_their_sentences() -> None:
    facts = dict.fromkeys(ReviewFacts.__dataclass_fields__, False)
    absent = missing(
        ReviewFacts(**{**facts, "vertical": "restaurant", "documents": frozenset(), "takes_online_payments": True})
    )  # type: ignore[arg-type]
    assert [one for one in absent if f"missing_{one.replace('.', '_')}" not in WORDS] == []


async def test_fields_of_every_kind_have_their_labels() -> None:
    for schema_fields in (
        catalogue._policy_fields(PolicyCreate),
        fields_of(ServiceCreate, catalogue._SERVICE),
        fields_of(CustomerUpdate, people._PERSON, kinds={"tags": "tags"}),
        people._note_fields(),
        money._refund_fields(),
    ):
        assert [one.label for one in schema_fields if one.label not in WORDS] == []
        choices = [option for one in schema_fields if one.kind == "choice" for option in one.options]
        assert [one.value for one in choices if not one.label] == []


@pytest.mark.parametrize("written", ["PT1M30S", "PT45S", "PT1M0.5S", "P1DT1S"])
def test_duration_that_is_no_whole_number_of_minutes_is_saved_as_it_was(written: str) -> None:
    assert spans.joined(*spans.split(written)) == written


def test_week_keeps_every_range_that_the_api_allows() -> None:
    ranges = [{"opens": f"{8 + n:02d}:00", "closes": f"{8 + n:02d}:30"} for n in range(10)]
    inputs = spans.week_inputs("week", {"monday": ranges}, ("monday",))
    field = Field("week", "week", "field_week")
    assert body_of([field], Form(tuple(inputs.items())))["week"]["monday"] == ranges

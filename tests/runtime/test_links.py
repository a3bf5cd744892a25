"""A link opens one thing for one purpose until its time, and nothing that was touched opens anything."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Gone, Unauthenticated
from runtime.keyring import KeyRing
from runtime.links import Links, Purpose

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=1)
RING = KeyRing("k2", {"k1": b"1" * 32, "k2": b"2" * 32})
LINKS = Links(RING)
ID = UUID("019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58")


@given(st.uuids(), st.sampled_from(Purpose))
def test_opens_its_object_until_its_time(object_id: UUID, purpose: Purpose) -> None:
    token = LINKS.issue(purpose, object_id, UNTIL)
    assert LINKS.read(purpose, token, UNTIL - timedelta(seconds=1)) == object_id
    with pytest.raises(Gone):
        LINKS.read(purpose, token, UNTIL)


def test_token_of_another_purpose_is_refused() -> None:
    token = LINKS.issue(Purpose.VERIFY_EMAIL, ID, UNTIL)
    for purpose in set(Purpose) - {Purpose.VERIFY_EMAIL}:
        with pytest.raises(Unauthenticated):
            LINKS.read(purpose, token, NOW)


def test_token_with_any_changed_character_is_refused() -> None:
    token = LINKS.issue(Purpose.BOOKING, ID, UNTIL)
    for position in range(len(token)):
        for other in "A1-.é":
            changed = token[:position] + other + token[position + 1 :]
            if changed == token:
                continue
            with pytest.raises(Unauthenticated):
                LINKS.read(Purpose.BOOKING, changed, NOW)


@given(st.text(max_size=120))
def test_token_check_refuses_any_text(text: str) -> None:
    with pytest.raises(Unauthenticated):
        LINKS.read(Purpose.BOOKING, text, NOW)


def test_former_key_reads_until_it_is_retired() -> None:
    old = Links(KeyRing("k1", {"k1": b"1" * 32})).issue(Purpose.BOOKING, ID, UNTIL)
    assert LINKS.read(Purpose.BOOKING, old, NOW) == ID
    assert LINKS.issue(Purpose.BOOKING, ID, UNTIL, kid="k1") == old
    with pytest.raises(Unauthenticated):
        Links(KeyRing("k2", {"k2": b"2" * 32})).read(Purpose.BOOKING, old, NOW)
    with pytest.raises(Unauthenticated):
        Links(KeyRing("k1", {"k1": b"9" * 32})).read(Purpose.BOOKING, old, NOW)

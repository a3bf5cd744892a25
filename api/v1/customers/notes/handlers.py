"""The texts of notes: those about health are sealed and opened here, and every reading is recorded."""

from collections.abc import Sequence
from typing import Any

import structlog

from api.access.callers import Access, ApiServices
from api.v1.customers.notes.schemas import CustomerNoteCreate, CustomerNoteRead, CustomerNoteUpdate
from db.customers.notes import NoteRow
from db.engine.session import UnitOfWork
from domain.customers.notes import HEALTH, NoteKind
from domain.customers.permissions import CustomerAction
from domain.permissions import allowed, require
from runtime.keyring import KeyRing
from runtime.sealing import Sealed, Sealer, Unsealable

log = structlog.get_logger(__name__)

#: The purpose for which notes about health are encrypted.
SEALED_FOR = "health_note"


async def read_notes(
    work: UnitOfWork, services: ApiServices, access: Access, notes: Sequence[NoteRow]
) -> list[CustomerNoteRead]:
    """Notes of one customer as the caller may read them. A reading of notes about health is recorded in the same
    transaction, so that none is shown without its record."""
    may_read = access.role is not None and allowed(access.role, CustomerAction.READ_HEALTH)
    if may_read and access.user_id is not None:
        await work.customers.notes.record_reading([note for note in notes if note.kind in HEALTH], access.user_id)
    return [CustomerNoteRead.of(note, _body(services, note, may_read)) for note in notes]


async def add_note(
    work: UnitOfWork, services: ApiServices, access: Access, body: CustomerNoteCreate
) -> CustomerNoteRead:
    """A note about health is answered without its text: the answer is stored for the idempotency key, in plain text.
    Raises Forbidden for a note about health by somebody who may not read those, and NotFound."""
    _check_health(access, body.kind)
    values = {"kind": body.kind.value, "pinned": body.pinned, **_text(services, access, body.kind, body.body)}
    note = await work.customers.notes.add(body.customer_id, values)
    return CustomerNoteRead.of(note, note.body)


async def change_note(
    work: UnitOfWork, services: ApiServices, access: Access, note: NoteRow, body: CustomerNoteUpdate
) -> CustomerNoteRead:
    """Raises Forbidden for a note about health by somebody who may not read those."""
    _check_health(access, note.kind)
    values: dict[str, Any] = {} if body.pinned is None else {"pinned": body.pinned}
    if body.body is not None:
        values |= _text(services, access, note.kind, body.body)
    changed = await work.customers.notes.change(note.id, values) if values else note
    [shown] = await read_notes(work, services, access, [changed])
    return shown


async def reseal_notes(work: UnitOfWork, ring: KeyRing) -> None:
    """Encrypt the notes of all businesses with the current key, so that the former key can be retired. Platform scope.
    Raises Unsealable."""
    sealer = Sealer(ring, SEALED_FOR)
    for row in await work.customers.notes.list_with_other_keys(ring.current):
        owner = row.business_id.bytes
        sealed = sealer.seal(sealer.open(Sealed(row.key_id, row.body_encrypted), owner), owner)
        await work.customers.notes.reseal(row.id, row.body_encrypted, sealed.blob, sealed.kid)


def _check_health(access: Access, kind: NoteKind) -> None:
    if kind in HEALTH:
        require(access.role, CustomerAction.READ_HEALTH)


def _text(services: ApiServices, access: Access, kind: NoteKind, body: str) -> dict[str, Any]:
    if kind not in HEALTH:
        return {"body": body}
    sealed = _sealer(services).seal(body.encode(), access.business_id.bytes)
    return {"body_encrypted": sealed.blob, "key_id": sealed.kid}


def _body(services: ApiServices, note: NoteRow, may_read: bool) -> str | None:
    if note.body_encrypted is None or note.key_id is None:
        return note.body
    if not may_read:
        return None
    try:
        return _sealer(services).open(Sealed(note.key_id, note.body_encrypted), note.business_id.bytes).decode()
    except Unsealable:
        log.error("a note about health cannot be opened", key_id=note.key_id, note_id=str(note.id))
        return None


def _sealer(services: ApiServices) -> Sealer:
    return Sealer(services.tokens.ring, SEALED_FOR)

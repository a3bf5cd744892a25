"""Importing customers from files, for owner and manager."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.idempotency import OptionalKey
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.customers.imports.handlers import import_file
from api.v1.customers.imports.schemas import CustomerImportCommand, CustomerImportRead, ImportRowRead
from domain.customers.importing import Outcome
from domain.customers.permissions import CustomerAction

router = routing.router("/customers", tags=["customers"])

MayImport = Annotated[Access, Depends(may(CustomerAction.IMPORT, on="business"))]
MayRead = Annotated[Access, Depends(may(CustomerAction.IMPORT, on="customer_imports"))]


@router.post(
    "/import", status_code=202, summary="Import customers from a file", response_model=Envelope[CustomerImportRead]
)
@raises(import_file)
async def import_customers(body: CustomerImportCommand, access: MayImport, now: Now, key: OptionalKey) -> Response:
    """A cell that cannot be read is left out and reported; a row is refused only without a name or when it is broken.
    Somebody who is a customer already is not made again, and the same file is imported once. A dry run changes
    nothing."""
    return await import_file(access, body, now, key)


@router.get("/imports/{import_id}", summary="Get an import", response_model=Envelope[CustomerImportRead])
async def get_customer_import(import_id: UUID, access: MayRead) -> Response:
    """How many rows became customers so far."""
    async with access.work(import_id) as work:
        return ok(CustomerImportRead.of(await work.customers.imports.get(import_id)))


@router.get(
    "/imports/{import_id}/rows", summary="List the rows of an import", response_model=ListEnvelope[ImportRowRead]
)
async def list_customer_import_rows(
    import_id: UUID,
    access: MayRead,
    page: PageAsked,
    outcome: Annotated[Outcome | None, Query(description="Only rows with this outcome.")] = None,
) -> Response:
    """What became of each row, in the order of the file."""
    after = page.after(int)
    async with access.work(import_id) as work:
        wanted = outcome.value if outcome else None
        rows = await work.customers.imports.list_report(import_id, wanted, after[0] if after else 0, page.fetch)
    return page.answer(rows, ImportRowRead.of, lambda row: (row.number,))

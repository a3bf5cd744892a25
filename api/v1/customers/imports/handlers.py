"""Reading the file of an import."""

import asyncio
from datetime import date, datetime

from starlette.responses import Response

from api.access.callers import Access
from api.http.envelope import ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.customers.imports.schemas import CustomerImportCommand, CustomerImportRead, ImportPreviewRead
from domain.customers.csv_files import MAX_BYTES, CsvFile, read_csv
from domain.customers.importing import ImportField, choose_columns, read_row
from domain.errors import TooLarge
from runtime.phone_numbers import read_phone

#: Rows of a preview.
SHOWN = 50


@raises(TooLarge)
async def import_file(access: Access, body: CustomerImportCommand, now: datetime, key: Key | None) -> Response:
    """Store the rows and start the import, or show what it would do. The preview has names and addresses, so it is not
    stored for the key; a repeat makes the same one. Raises InvalidInput for a file that cannot be read, and
    TooLarge."""
    if len(body.file) > MAX_BYTES:
        raise TooLarge({"limit": MAX_BYTES})
    file = await asyncio.to_thread(read_csv, body.file)
    columns = choose_columns(file.header, body.columns)
    if body.dry_run:
        preview = await asyncio.to_thread(_preview, file, columns, now.date())
        async with access.work(body.business_id):
            return ok(CustomerImportRead.of_preview(body.business_id, file, columns, preview), status_code=202)
    async with access.work(body.business_id, key) as work:
        import_id = await work.customers.imports.begin(body.business_id, body.file, file, columns)
        answer = ok(CustomerImportRead.of(await work.customers.imports.get(import_id)), status_code=202)
        return await store_response(work, answer)


def _preview(file: CsvFile, columns: list[ImportField], today: date) -> list[ImportPreviewRead]:
    return [
        ImportPreviewRead.of(row.number, read_row(file.header, columns, row.cells, today, read_phone))
        for row in file.rows[:SHOWN]
    ]

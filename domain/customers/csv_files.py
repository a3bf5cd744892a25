"""CSV files as other booking systems and Excel write them: their encoding, their separator, and their rows."""

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from domain.errors import InvalidInput

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 100
#: A cell with line breaks has at most so many lines. A longer one is a quotation mark that nobody closed, and the rows
#: behind it must not be lost.
_MOST_LINES = 20
#: With a byte order mark, without, and as Excel in Japan writes it: Shift_JIS with Microsoft's additions (cp932).
_ENCODINGS = ("utf-8-sig", "cp932")
_SEPARATORS = ",\t;"


@dataclass(frozen=True, slots=True)
class CsvRow:
    """``number``: the line in the file on which the row begins, from 1. ``cells`` None: quotation marks do not
    match."""

    number: int
    cells: list[str] | None


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that was read: its encoding, the names of its columns, and its rows without empty ones."""

    encoding: str
    header: list[str]
    rows: list[CsvRow]


def read_csv(content: bytes) -> CsvFile:
    """Read a file. Raises InvalidInput for the field ``file``: ``encoding``, ``no_rows``, ``too_many_rows``."""
    text, encoding = _decode(content)
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    rows = [row for row in _rows(lines, separator) if row.cells is None or any(cell.strip() for cell in row.cells)]
    if len(rows) < 2 or rows[0].cells is None:
        raise InvalidInput.at("file", "no_rows")
    if len(rows) - 1 > MAX_ROWS or len(rows[0].cells) > MAX_COLUMNS:
        raise InvalidInput.at("file", "too_many_rows")
    return CsvFile(encoding, [_header(cell) for cell in rows[0].cells], rows[1:])


def _decode(content: bytes) -> tuple[str, str]:
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else _ENCODINGS:
        try:
            return content.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise InvalidInput.at("file", "encoding")


def _header(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", cell).split())[:100]


def _rows(lines: list[str], separator: str) -> Iterator[CsvRow]:
    place = 0
    while place < len(lines):
        end = _end_of_row(lines, place)
        if end is None:
            yield CsvRow(place + 1, None)
            place += 1
            continue
        # Only line feeds divide lines: FileMaker writes vertical tabs into cells. A cell may have more than the default
        # limit of `csv` only if the file is broken.
        reader = csv.reader([f"{line}\n" for line in lines[place:end]], delimiter=separator)
        try:
            cells = next(reader, [])
        except csv.Error:
            yield CsvRow(place + 1, None)
            place = end
        else:
            yield CsvRow(place + 1, cells)
            # A mark in the middle of a cell opens nothing, so the row may end before the pair of its mark.
            place += max(1, reader.line_num)


def _end_of_row(lines: list[str], start: int) -> int | None:
    """The line behind a row: quotation marks of a whole row come in pairs."""
    marks = 0
    for end in range(start, min(start + _MOST_LINES, len(lines))):
        marks += lines[end].count('"')
        if marks % 2 == 0:
            return end + 1
    return None

"""What a row of a file becomes: which column is what, and how names, numbers and dates are read.

Column names: those of STORES 予約 are in its help pages (faq.coubic.com/answer/61ee5530fcd42b001b199381 and
intercom.help/coubic/ja/articles/4350079). Those of SALON BOARD could not be found in public; the usual Japanese names
of such columns are known here, and a caller can name any other column.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from domain.customers.profile import (
    MAX_PREFERENCES,
    MAX_TAG_LENGTH,
    MAX_TAGS,
    normal_tags,
    read_kana,
)
from domain.errors import InvalidInput
from domain.identity.names import contains_link, is_number, looks_empty

MAX_LINE, MAX_NOTE = 200, 5000


class ImportField(StrEnum):
    """What a column of the file is."""

    NAME = "name"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    KANA = "kana"
    FAMILY_NAME_KANA = "family_name_kana"
    GIVEN_NAME_KANA = "given_name_kana"
    PHONE = "phone"
    EMAIL = "email"
    BIRTHDAY = "birthday"
    LANGUAGE = "language"
    TAGS = "tags"
    NOTE = "note"
    #: Kept as a preference under the name of its column.
    PREFERENCE = "preference"
    IGNORE = "ignore"


class Outcome(StrEnum):
    """What became of a row."""

    WAITING = "waiting"
    TAKEN = "taken"
    #: The same person is a customer already, or was in an earlier row.
    KNOWN = "known"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a row was refused."""

    NO_NAME = "no_name"
    COLUMNS = "columns"
    QUOTES = "quotes"
    #: The database does not store it.
    NOT_STORED = "not_stored"


_KNOWN: Mapping[ImportField, str] = {
    ImportField.NAME: """顧客名 氏名 名前 お名前 お客様名 お客様氏名 顧客氏名 氏名(漢字) 氏名漢字 会員名 name fullname
        customername""",
    ImportField.FAMILY_NAME: "姓 苗字 名字 姓(漢字) 氏名(姓) お名前(姓) 名前(姓) familyname lastname surname",
    ImportField.GIVEN_NAME: "名 名(漢字) 氏名(名) お名前(名) 名前(名) givenname firstname",
    ImportField.KANA: """フリガナ ふりがな カナ 顧客名カナ 顧客名(カナ) 氏名カナ 氏名(カナ) 氏名(フリガナ) お名前(カナ)
        お名前カナ お客様名カナ お客様名(カナ) カナ氏名 kana namekana""",
    ImportField.FAMILY_NAME_KANA: """セイ せい 姓カナ 姓(カナ) 姓フリガナ 姓(フリガナ) 氏名カナ(セイ) 氏名(セイ) カナ姓
        カナ(姓) familynamekana lastnamekana""",
    ImportField.GIVEN_NAME_KANA: """メイ めい 名カナ 名(カナ) 名フリガナ 名(フリガナ) 氏名カナ(メイ) 氏名(メイ) カナ名
        カナ(名) givennamekana firstnamekana""",
    ImportField.PHONE: """電話番号 電話 tel phone phonenumber 携帯 携帯番号 携帯電話 携帯電話番号 電話番号1 連絡先
        telephone mobile""",
    ImportField.EMAIL: """メールアドレス メール email mail mailaddress emailaddress eメール メールアドレス1
        pcメールアドレス""",
    ImportField.BIRTHDAY: "誕生日 生年月日 birthday birthdate dateofbirth",
    ImportField.LANGUAGE: "言語 language",
    ImportField.TAGS: "タグ tags tag 顧客タグ ラベル 顧客ランク",
    ImportField.NOTE: "顧客メモ メモ 備考 お客様メモ 特記事項 note notes memo comment",
    ImportField.PREFERENCE: """会員番号 お客様番号 顧客番号 性別 郵便番号 住所 職業 来店動機 集客経路 membernumber
        gender""",
}
_BY_HEADER = {name: one for one, names in _KNOWN.items() for name in names.split()}
_BLANKS = re.compile(r"[\s_・*※必須任意-]+")
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T].*)?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
#: Years before the first one of an era.
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "M": 1867, "T": 1911, "S": 1925}
_ERAS |= {"H": 1988, "R": 2018}
_ERA = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR])([0-9]{1,2}|元)[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?", re.IGNORECASE
)
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_WITHOUT_ZERO = re.compile(r"[1-9][0-9]{8,9}")
_SEVERAL = re.compile(r"[,、;/|\n]+")


@dataclass(frozen=True, slots=True)
class ImportedCustomer:
    """One row as it is stored. ``left_out``: fields whose cells could not be read; the rest is taken."""

    values: Mapping[str, Any]
    note: str | None
    left_out: tuple[str, ...] = field(default=())


def guess_columns(header: Sequence[str]) -> list[ImportField]:
    """What each column is, by its name. Only the first column of a kind counts, except preferences."""
    found: list[ImportField] = []
    for name in header:
        one = _BY_HEADER.get(_plain(name), ImportField.IGNORE)
        taken = one in found and one not in (ImportField.PREFERENCE, ImportField.NOTE)
        found.append(ImportField.IGNORE if taken else one)
    return found


def choose_columns(header: Sequence[str], named: Mapping[str, ImportField]) -> list[ImportField]:
    """As guessed, except for the columns that the caller named. Raises InvalidInput for a name that no column has, and
    where no column is a name."""
    missing = sorted(set(named) - set(header))
    if missing:
        raise InvalidInput.at(f"columns.{missing[0]}", "no_such_column")
    columns = [named.get(name, guess) for name, guess in zip(header, guess_columns(header), strict=True)]
    if not {ImportField.NAME, ImportField.FAMILY_NAME} & set(columns):
        raise InvalidInput.at("columns", "no_name_column")
    return columns


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).lower()
    return _BLANKS.sub("", folded)


def read_row(
    header: Sequence[str],
    columns: Sequence[ImportField],
    cells: Sequence[str] | None,
    today: date,
    read_phone: Callable[[str], str | None],
) -> ImportedCustomer | Refusal:
    """The customer of a row. A cell that cannot be read is left out; a row is refused only without a name, or when its
    cells do not belong to the columns. ``read_phone`` gives a number in E.164, or None."""
    if cells is None:
        return Refusal.QUOTES
    if any(cell.strip() for cell in cells[len(columns) :]):
        return Refusal.COLUMNS
    texts: dict[ImportField, list[tuple[str, str]]] = {}
    for name, column, cell in zip(header, columns, cells, strict=False):
        if text := _clean(cell):
            texts.setdefault(column, []).append((name, text))
    reader = _Reader(texts, today, read_phone)
    return reader.read()


class _Reader:
    """One row: ``texts`` has the cells that are not empty, with the names of their columns."""

    def __init__(
        self,
        texts: Mapping[ImportField, Sequence[tuple[str, str]]],
        today: date,
        read_phone: Callable[[str], str | None],
    ) -> None:
        self._texts = texts
        self._today = today
        self._read_phone = read_phone
        self._left_out: list[str] = []

    def read(self) -> ImportedCustomer | Refusal:
        family, given = self._name()
        if family is None:
            return Refusal.NO_NAME
        values: dict[str, Any] = {"family_name": family, "given_name": given or "", **self._kana()}
        values["phone"] = self._one(ImportField.PHONE, self._phone)
        values["email"] = self._one(ImportField.EMAIL, _email)
        values["birthday"] = self._one(ImportField.BIRTHDAY, lambda text: read_date(text, self._today))
        language = self._first(ImportField.LANGUAGE)
        values["language"] = "en" if language and language.lower() in {"en", "english", "英語"} else "ja"
        tags = [tag for _, text in self._texts.get(ImportField.TAGS, ()) for tag in _SEVERAL.split(text)]
        values["tags"] = [tag for tag in normal_tags(tags) if len(tag) <= MAX_TAG_LENGTH][:MAX_TAGS]
        kept = [(name[:40], _line(text)) for name, text in self._texts.get(ImportField.PREFERENCE, ())]
        values["preferences"] = dict(kept[:MAX_PREFERENCES])
        note = "\n".join(text for _, text in self._texts.get(ImportField.NOTE, ()))[:MAX_NOTE]
        return ImportedCustomer(values, note or None, tuple(self._left_out))

    def _first(self, column: ImportField) -> str | None:
        found = self._texts.get(column)
        return found[0][1] if found else None

    def _one(self, column: ImportField, read: Callable[[str], Any]) -> Any:
        text = self._first(column)
        value = read(text) if text is not None else None
        if text is not None and value is None:
            self._left_out.append(column.value)
        return value

    def _name(self) -> tuple[str | None, str | None]:
        family, given = self._part(ImportField.FAMILY_NAME), self._part(ImportField.GIVEN_NAME)
        whole = self._part(ImportField.NAME)
        if family is None and given is None and whole is not None:
            parts = whole.split(" ", 1)
            return parts[0], parts[1] if len(parts) > 1 else None
        return (family, given) if family is not None else (given or whole, None)

    def _part(self, column: ImportField) -> str | None:
        text = self._first(column)
        if text is None:
            return None
        line = re.sub(r"(?<=\S) ?(様|さま)$", "", _line(text))
        if looks_empty(line) or contains_link(line) or is_number(line):
            self._left_out.append(column.value)
            return None
        return line

    def _kana(self) -> dict[str, str | None]:
        family = self._one(ImportField.FAMILY_NAME_KANA, _kana)
        given = self._one(ImportField.GIVEN_NAME_KANA, _kana)
        whole = self._one(ImportField.KANA, _kana)
        if family is None and whole is not None:
            first, _, rest = whole.partition(" ")
            family, given = first, given or rest or None
        return {"family_name_kana": family, "given_name_kana": given}

    def _phone(self, text: str) -> str | None:
        """The first number that is one. Excel takes the zero at the beginning away."""
        for part in [text, *re.split(r"[,、;/|\n]+", text)]:
            digits = part.strip().lstrip("'")
            bare = _WITHOUT_ZERO.fullmatch(digits)
            for form in (f"0{digits}", digits) if bare else (digits,):
                if number := self._read_phone(form):
                    return number
        return None


def read_date(text: str, today: date) -> date | None:
    """A day that has passed, since 1900: 1985/4/29, 1985-04-29, 1985年4月29日, 19850429, S60.4.29, 昭和60年4月29日."""
    folded = unicodedata.normalize("NFKC", text).strip()
    if match := _DATE.fullmatch(folded) or _COMPACT.fullmatch(folded):
        year, month, day = (int(part) for part in match.groups())
    elif match := _ERA.fullmatch(folded):
        era, number, *rest = match.groups()
        year = _ERAS[era.upper()] + (1 if number == "元" else int(number))
        month, day = (int(part) for part in rest)
    else:
        return None
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if date(1900, 1, 1) <= found <= today else None


def _email(text: str) -> str | None:
    folded = unicodedata.normalize("NFKC", text).strip().strip("<>")
    return folded if len(folded) <= 254 and _EMAIL.fullmatch(folded) and ".." not in folded else None


def _kana(text: str) -> str | None:
    kana = read_kana(_line(text))
    return " ".join(kana.split())[:MAX_LINE] if kana else None


def _clean(cell: str) -> str:
    """Without control characters, and without the apostrophe that keeps a spreadsheet from reading a formula."""
    text = "".join(sign for sign in cell if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs", "Co", "Cn"))
    text = text.strip()
    return text[1:].strip() if text[:2] in ("'=", "'+", "'-", "'@") else text


def _line(text: str) -> str:
    return " ".join(text.split())[:MAX_LINE].strip()

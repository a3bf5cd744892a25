"""How rows of files become customers."""

from datetime import date
from typing import Any

import pytest

from domain.customers.csv_files import read_csv
from domain.customers.importing import (
    ImportedCustomer,
    ImportField,
    Refusal,
    choose_columns,
    guess_columns,
    read_date,
    read_row,
)
from domain.errors import InvalidInput
from runtime.phone_numbers import read_phone

TODAY = date(2026, 11, 24)
#: As the help pages of STORES 予約 list the columns of its customers.
STORES = "顧客名,メールアドレス,電話番号,郵便番号,住所,性別,誕生日,会員番号,顧客メモ"
#: As a salon's list may have them; the columns of SALON BOARD are not published.
SALON = "お客様番号,氏名（漢字）,氏名（カナ）,電話番号,生年月日,備考"


def taken(header: str, *cells: str, **named: ImportField) -> ImportedCustomer:
    names = header.split(",")
    row = read_row(names, choose_columns(names, named), cells, TODAY, read_phone)
    assert isinstance(row, ImportedCustomer), row
    return row


def test_guess_columns_knows_the_columns_of_stores() -> None:
    assert guess_columns(STORES.split(",")) == [
        ImportField.NAME,
        ImportField.EMAIL,
        ImportField.PHONE,
        ImportField.PREFERENCE,
        ImportField.PREFERENCE,
        ImportField.PREFERENCE,
        ImportField.BIRTHDAY,
        ImportField.PREFERENCE,
        ImportField.NOTE,
    ]


def test_read_row_of_stores() -> None:
    row = taken(STORES, "山田　花子", "h@example.jp", "9012345678", "", "", "女性", "1985/4/29", "0012", "右側が好き")
    assert row.values["family_name"] == "山田"
    assert row.values["given_name"] == "花子"
    assert (row.values["phone"], row.values["email"]) == ("+819012345678", "h@example.jp")
    assert (row.values["birthday"], row.note) == (date(1985, 4, 29), "右側が好き")
    assert row.values["preferences"] == {"性別": "女性", "会員番号": "0012"}
    assert row.left_out == ()


def test_read_row_of_a_salon() -> None:
    row = taken(SALON, "7", "髙橋 蓮 様", "ﾀｶﾊｼ ﾚﾝ", "０３－１２３４－５６７８", "昭和60年4月29日", "")
    assert (row.values["family_name"], row.values["given_name"]) == ("髙橋", "蓮")
    assert (row.values["family_name_kana"], row.values["given_name_kana"]) == ("タカハシ", "レン")
    assert (row.values["phone"], row.values["birthday"]) == ("+81312345678", date(1985, 4, 29))


def test_read_row_leaves_out_what_it_cannot_read() -> None:
    row = taken("氏名,カナ,電話番号,メールアドレス,誕生日", "林", "hayashi", "000", "nobody", "13月")
    assert row.values["family_name"] == "林"
    assert row.left_out == ("kana", "phone", "email", "birthday")


def test_read_row_takes_columns_that_the_caller_names() -> None:
    row = taken("コード,お客さま", "9", "林", お客さま=ImportField.NAME, コード=ImportField.PREFERENCE)
    assert (row.values["family_name"], row.values["preferences"]) == ("林", {"コード": "9"})


@pytest.mark.parametrize(
    ("cells", "refusal"),
    [(None, Refusal.QUOTES), (["", "a@example.jp"], Refusal.NO_NAME), (["12345", ""], Refusal.NO_NAME)],
)
def test_read_row_refuses(cells: list[str] | None, refusal: Refusal) -> None:
    names = ["氏名", "メール"]
    assert read_row(names, guess_columns(names), cells, TODAY, read_phone) is refusal


def test_read_row_with_more_cells_than_columns() -> None:
    names = ["氏名"]
    assert read_row(names, guess_columns(names), ["林", "", " "], TODAY, read_phone) == taken("氏名", "林")
    assert read_row(names, guess_columns(names), ["林", "x"], TODAY, read_phone) is Refusal.COLUMNS


def test_choose_columns_needs_a_name() -> None:
    for header, named in ((["電話番号"], {}), (["氏名"], {"姓": ImportField.NAME})):
        with pytest.raises(InvalidInput):
            choose_columns(header, named)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1985/4/29", date(1985, 4, 29)),
        ("１９８５年４月２９日", date(1985, 4, 29)),
        ("19850429", date(1985, 4, 29)),
        ("S60.4.29", date(1985, 4, 29)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("1985-04-29 00:00:00", date(1985, 4, 29)),
        ("1985/2/30", None),
        ("2026/11/25", None),
        ("1899/12/31", None),
        ("4月29日", None),
    ],
)
def test_read_date(text: str, day: date | None) -> None:
    assert read_date(text, TODAY) == day


def read(text: str, encoding: str = "utf-8", **_: Any) -> list[tuple[int, list[str] | None]]:
    return [(row.number, row.cells) for row in read_csv(text.encode(encoding)).rows]


@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp932", "cp932"), ("utf-16", "utf-16")]
)
def test_read_csv_in_every_encoding(encoding: str, found: str) -> None:
    file = read_csv("氏名,メモ\r\n髙橋①,～\r\n".encode(encoding))
    assert (file.encoding, file.header) == (found, ["氏名", "メモ"])
    assert file.rows[0].cells == ["髙橋①", "～"]


def test_read_csv_keeps_lines_in_cells_and_skips_empty_rows() -> None:
    assert read('氏名,メモ\n"林","一\n二"\n,,\n\n森,""""\n') == [(2, ["林", "一\n二"]), (6, ["森", '"'])]


def test_read_csv_loses_no_row_behind_an_open_quotation_mark() -> None:
    rest = "".join(f"林{n},x\n" for n in range(30))
    rows = read(f'氏名,メモ\n森,"open\n{rest}')
    assert rows[0] == (2, None)
    assert [cells for _, cells in rows[1:]] == [[f"林{n}", "x"] for n in range(30)]


def test_read_csv_keeps_cells_with_signs_that_are_no_line_feed() -> None:
    for sign in "\x0b\x0c\x1c\x85\u2028":
        assert read(f"氏名,電話\n山田{sign}花子,090\n") == [(2, [f"山田{sign}花子", "090"])]


def test_read_csv_loses_no_row_between_two_marks_inside_cells() -> None:
    rows = read('氏名,メモ\n佐藤,5"\n林,\n木村,7"\n')
    assert rows == [(2, ["佐藤", '5"']), (3, ["林", ""]), (4, None)]


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_read_csv_finds_the_separator(separator: str) -> None:
    assert read(f"氏名{separator}メモ\n林{separator}a\n") == [(2, ["林", "a"])]


@pytest.mark.parametrize("content", [b"", b"\xff\xff\xff", "氏名".encode(), b"\x81"])
def test_read_csv_refuses_what_is_no_file(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_csv(content)

"""The number under which a business issues qualified invoices (適格請求書発行事業者登録番号)."""

import re
import unicodedata

from domain.errors import InvalidInput

_NUMBER = re.compile(r"T([1-9])([0-9]{12})")


def check_digit(base: str) -> int:
    """The digit before the twelve of ``base``: 9 - ((Σ Pn·Qn) mod 9), Pn the n-th digit from the right, Qn 1 where n is
    odd and 2 where it is even.

    Source: 法人番号の指定等に関する省令 (平成26年財務省令第70号) 第2条, as the tax agency explains it in
    https://www.houjin-bangou.nta.go.jp/documents/checkdigit.pdf. The sum is divided, not its terms.
    """
    total = sum(int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(base)))
    return 9 - total % 9


def read_invoice_number(text: str) -> str:
    """``T`` and thirteen digits, hyphens and blanks left out. Full-width signs are folded; digits of another script are
    refused, as the database refuses them. Raises ``InvalidInput``.

    A company's is ``T`` and its 法人番号. Others get a number of the same form that is no 法人番号
    (https://www.invoice-kohyo.nta.go.jp/about-toroku/); for those the agency publishes no rule of their own, and the
    same digit is asked of them.
    """
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    found = _NUMBER.fullmatch(plain)
    if found is None:
        raise InvalidInput.at("invoice_number", "t_and_thirteen_digits")
    if check_digit(found[2]) != int(found[1]):
        raise InvalidInput.at("invoice_number", "check_digit")
    return plain

"""The registration number of an issuer of qualified invoices (適格請求書発行事業者登録番号)."""

import re
import unicodedata

from domain.errors import InvalidInput

_NUMBER = re.compile(r"T([1-9])([0-9]{12})")


def check_digit(base: str) -> int:
    """The check digit of the twelve digits of ``base``: 9 - ((Σ Pn·Qn) mod 9), where Pn is the n-th digit from the
    right, and Qn is 1 for odd n and 2 for even n.

    Source: 法人番号の指定等に関する省令 (平成26年財務省令第70号) 第2条, explained by the tax agency in
    https://www.houjin-bangou.nta.go.jp/documents/checkdigit.pdf. The sum is divided, not its terms.
    """
    total = sum(int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(base)))
    return 9 - total % 9


def read_invoice_number(text: str) -> str:
    """``T`` and thirteen digits, without hyphens and blanks. Full-width characters are converted; digits of other
    scripts are refused, as in the database. Raises ``InvalidInput``.

    A company's number is ``T`` and its 法人番号. Others get a number of the same form that is not a 法人番号
    (https://www.invoice-kohyo.nta.go.jp/about-toroku/). The agency publishes no rule for those, so the same check digit
    is required.
    """
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    found = _NUMBER.fullmatch(plain)
    if found is None:
        raise InvalidInput.at("invoice_number", "t_and_thirteen_digits")
    if check_digit(found[2]) != int(found[1]):
        raise InvalidInput.at("invoice_number", "check_digit")
    return plain

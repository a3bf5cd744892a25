"""Confirmation codes can be read out on the telephone and do not repeat."""

from domain.ids import CODE_ALPHABET, CODE_LENGTH, confirmation_code


def test_code_has_eight_characters_of_the_alphabet() -> None:
    for _ in range(200):
        code = confirmation_code()
        assert len(code) == CODE_LENGTH == 8
        assert set(code) <= set(CODE_ALPHABET)


def test_alphabet_has_no_look_alikes() -> None:
    assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET) == 23
    assert not set("0O1IL2Z5S8BUV") & set(CODE_ALPHABET)
    assert CODE_ALPHABET.upper() == CODE_ALPHABET


def test_codes_do_not_repeat_and_use_every_character() -> None:
    codes = [confirmation_code() for _ in range(2_000)]
    assert len(set(codes)) == len(codes)  # a repeat among these has a chance of 3 in 100 000
    assert set("".join(codes)) == set(CODE_ALPHABET)

"""Sentences about a person's data: error codes, rules and states."""

from api.http.texts.text import Meaning, Texts

TEXTS = Texts(
    meanings={
        "erasure_blocked": Meaning(
            409,
            "今後のご予約、または運営中の店舗があるため、まだ退会できません。"
            "ご予約のキャンセル、または店舗の閉鎖を先にお済ませください。",
            "You still have upcoming bookings or own a business. "
            "Please cancel the bookings or close the business first.",
        ),
    },
)

"""Every message as its reader gets it, kept beside the tests: `python -m tests.activities.templates.snapshots` writes
the files again. Read them like mail, from the top, before they are committed."""

import re
from pathlib import Path

from providers.email.interface import Email
from tests.activities.templates import accounts
from tests.activities.templates.cases import CASES
from tests.activities.templates.contents import LANGUAGES, Seen, written

#: What comes before the token of a link.
_TOKEN = re.compile(
    r"^https://\S+/(?:bookings|waitlist|messages|verify-email|reset-password|cancel-two-factor-reset|staff/invitation"
    r"|data-export)/"
)
FOLDER = Path(__file__).parent / "written"


def plain(email: Email) -> str:
    """The message as plain text, with its head."""
    link = email.text
    for line in email.text.splitlines():
        if found := _TOKEN.search(line):
            link = link.replace(line, line[: found.end()] + "…")
    return f"From: {email.from_name}\nReply-To: {email.reply_to or '-'}\nSubject: {email.subject}\n\n{link}"


def shown(email: Email) -> str:
    """The words of the HTML form, in their order."""
    lines = (line.strip() for line in Seen(email.html).words.splitlines())
    return "\n".join(line for line in lines if line)


def snapshots() -> dict[str, str]:
    """File name and text of every case in every language."""
    mails = {f"{language}/{case.name}": written(case, language) for case in CASES for language in LANGUAGES}
    mails |= {
        f"{language}/account_{case.name}": accounts.written(case, language)
        for case in accounts.CASES
        for language in LANGUAGES
    }
    return {f"{name}.txt": f"{plain(email)}\n==== HTML ====\n{shown(email)}\n" for name, email in mails.items()}


def main() -> None:
    """Write all files."""
    for name, text in snapshots().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Every page. Pages of businesses come last, because their address is any word that is not reserved
(`domain.businesses.slug`)."""

from starlette.routing import Route

from api.pages import accents, messages, static_files
from api.pages.account import account, links, registration
from api.pages.account import messages as account_messages
from api.pages.admin import attention, audit, businesses, flags, notices, state
from api.pages.booking import book, business, embedding, manage, paying, reviewing, waiting
from api.pages.booking import moving as customer_moving
from api.pages.console import (
    analytics,
    bookings,
    calendar,
    catalogue,
    customer_imports,
    live,
    media,
    message_texts,
    money,
    moving,
    new_business,
    people,
    reviews,
    setup,
    single_forms,
    taking,
    today,
)
from api.pages.console import login as console_login
from api.pages.console import messages as console_messages
from api.pages.handling import route
from api.pages.records.pages import routes_of

#: Everything in the console that is a list with forms.
KINDS = (
    catalogue.SERVICES,
    catalogue.RESOURCES,
    catalogue.POLICIES,
    people.CUSTOMERS,
    people.TEAM,
    people.INVITATIONS,
    people.TIME_OFF,
    money.PAYMENTS,
    money.RECEIPTS,
    console_messages.NOTICES,
    console_messages.WAITLIST,
    console_messages.MOVED,
)

ROUTES: tuple[Route, ...] = (
    accents.ROUTE,
    Route("/embed.js", embedding.show_script, include_in_schema=False),
    static_files.ROUTE,
    route("/bookings/{token}", manage.show_booking),
    route("/bookings/{token}/confirm-address", manage.prove_address, "POST"),
    route("/bookings/{token}/booking.ics", manage.calendar),
    route("/bookings/{token}/cancel", manage.ask_cancel),
    route("/bookings/{token}/cancel", manage.cancel, "POST"),
    route("/bookings/{token}/move", customer_moving.show_move),
    route("/bookings/{token}/move", customer_moving.move, "POST"),
    *reviewing.ROUTES,
    route("/bookings/{token}/pay", paying.show_payment),
    route("/bookings/{token}/pay", paying.pay, "POST"),
    route("/waitlist/{token}", waiting.show_entry),
    route("/waitlist/{token}", waiting.answer_entry, "POST"),
    route("/m/{code}", messages.follow_short_link),
    route("/messages/{token}", messages.show_choices),
    route("/messages/{token}", messages.change_choices, "POST"),
    route("/console", today.show_start),
    *new_business.ROUTES,
    route("/console/login", console_login.show_login),
    route("/console/login", console_login.log_in, "POST"),
    route("/console/login/code", console_login.prove, "POST"),
    route("/console/logout", console_login.log_out, "POST"),
    route("/console/{business_id}/today", today.show_day),
    route("/console/{business_id}/calendar", calendar.show_calendar),
    route("/console/{business_id}/events", live.show_events),
    route("/console/{business_id}/new", taking.show_new),
    route("/console/{business_id}/new", taking.add, "POST"),
    route("/console/{business_id}/blocks/{block_id}", taking.show_block),
    route("/console/{business_id}/blocks/{block_id}/remove", taking.remove_block, "POST"),
    route("/console/{business_id}/bookings/{booking_id}", bookings.show_booking),
    route("/console/{business_id}/bookings/{booking_id}/move", moving.show_move),
    route("/console/{business_id}/bookings/{booking_id}/move", moving.move, "POST"),
    route("/console/{business_id}/bookings/{booking_id}/{command}", bookings.execute, "POST"),
    *single_forms.ROUTES,
    *money.ROUTES,
    *customer_imports.ROUTES,
    *message_texts.ROUTES,
    *people.ROUTES,
    *reviews.ROUTES,
    *media.ROUTES,
    *console_messages.ROUTES,
    *analytics.ROUTES,
    *setup.ROUTES,
    *(one for kind in KINDS for one in routes_of(kind)),
    *account.ROUTES,
    *account_messages.ROUTES,
    *links.ROUTES,
    *registration.ROUTES,
    route("/admin", businesses.show_queue),
    route("/admin/businesses/{business_id}", businesses.show_business),
    route("/admin/businesses/{business_id}/documents/{document_id}", businesses.judge_document, "POST"),
    route("/admin/businesses/{business_id}/{decision}", businesses.decide, "POST"),
    route("/admin/attention", attention.show_attention),
    route("/admin/attention/{attention_id}", attention.resolve, "POST"),
    *notices.ROUTES,
    route("/admin/audit", audit.show_audit),
    route("/admin/state", state.show_state),
    route("/admin/flags", flags.show_flags),
    route("/admin/flags", flags.create, "POST"),
    route("/admin/flags/{flag_id}", flags.change, "POST"),
    route("/{slug}", business.show_business),
    route("/{slug}/legal", business.show_legal_notice),
    route("/{slug}/book", book.show_flow),
    route("/{slug}/book", book.go_on, "POST"),
    route("/{slug}/embed", book.show_flow),
    route("/{slug}/embed", book.go_on, "POST"),
    route("/{slug}/waitlist", waiting.show_join),
    route("/{slug}/waitlist", waiting.join, "POST"),
)

"""Which rows lose which columns in an erasure. A test checks all columns that look personal: each is in one of these
statements, or on the test's list with a reason."""

from collections.abc import Mapping

from sqlalchemy import TextClause, text

# The records and bookings of a person. The check before an erasure and the export use the same function.
PEOPLE = text("SELECT records AS customers, visits AS bookings FROM app_records_of_person(:user_id)")

# What carries the verified address of a person and is not theirs: visits ahead for which somebody else typed it. They
# keep their name and their time, and lose the address.
MENTIONS = text("""
    SELECT coalesce(array_agg(DISTINCT b.id), '{}') AS bookings,
           coalesce(array_agg(DISTINCT b.customer_id), '{}') AS customers
      FROM bookings b JOIN users u ON u.id = :user_id AND u.email_verified_at IS NOT NULL
     WHERE b.email = u.email AND NOT b.id = ANY(CAST(:bookings AS uuid[]))
""")

#: Entries of the waitlist: of the login, and of a guest with its verified address. An address that was only typed is
#: not the person's.
ENTRIES_OF_PERSON = """(w.user_id = :user_id OR (w.user_id IS NULL AND w.status <> 'unproven' AND w.email = (
    SELECT u.email FROM users u WHERE u.id = :user_id AND u.email_verified_at IS NOT NULL)))"""

_MY_NOTICES = """(n.user_id = :user_id OR n.customer_id = ANY(CAST(:customers AS uuid[])))"""

#: At once: the person is unknown afterwards. By table, in this order.
FORGET: Mapping[str, TextClause] = {
    "customers": text("""
        UPDATE customers SET family_name = '—', given_name = '', family_name_kana = NULL, given_name_kana = NULL,
               phone = NULL, email = NULL, birthday = NULL, tags = '{}', preferences = '{}'
         WHERE id = ANY(CAST(:customers AS uuid[]))
    """),
    # What leads from a row of a file to the person; rows that still wait lose their cells when they are decided.
    "customer_import_rows": text("""
        UPDATE customer_import_rows SET digest = NULL, cells = NULL WHERE customer_id = ANY(CAST(:customers AS uuid[]))
    """),
    # What the records were before a merge. Without it, the merge cannot be undone.
    "customer_merges": text("""
        DELETE FROM customer_merges WHERE CAST(:customers AS uuid[]) && ARRAY[kept_id, merged_id]
    """),
    "health_note_reads": text("DELETE FROM health_note_reads WHERE customer_id = ANY(CAST(:customers AS uuid[]))"),
    "customer_notes": text("DELETE FROM customer_notes WHERE customer_id = ANY(CAST(:customers AS uuid[]))"),
    "bookings": text("""
        UPDATE bookings SET family_name = '—', given_name = '', email = NULL, phone = NULL, ip = NULL,
               special_requests = NULL, internal_notes = NULL
         WHERE id = ANY(CAST(:bookings AS uuid[]))
    """),
    "mentions": text("UPDATE bookings SET email = NULL WHERE id = ANY(CAST(:mentioned AS uuid[]))"),
    "mentioning_records": text("UPDATE customers SET email = NULL WHERE id = ANY(CAST(:mentioning AS uuid[]))"),
    # What the person wrote about a visit goes with its stars, and with what was written about it.
    "reviews": text("""
        UPDATE reviews SET body = NULL, display_name = NULL, reply = NULL, replied_at = NULL, replied_by = NULL,
               deleted_at = coalesce(deleted_at, CAST(:now AS timestamptz))
         WHERE booking_id = ANY(CAST(:bookings AS uuid[]))
    """),
    "review_moderations": text("""
        UPDATE review_moderations m SET note = NULL, outcome = coalesce(outcome, 'deleted'),
               decided_at = coalesce(decided_at, CAST(:now AS timestamptz))
          FROM reviews r WHERE r.id = m.review_id AND r.booking_id = ANY(CAST(:bookings AS uuid[]))
    """),
    "review_reports": text("""
        DELETE FROM review_reports
         WHERE reporter = encode(sha256(convert_to('user:' || CAST(CAST(:user_id AS uuid) AS text), 'UTF8')), 'hex')
    """),
    "command_texts": text("""
        DELETE FROM command_texts WHERE user_id = :user_id OR booking_id = ANY(CAST(:bookings AS uuid[]))
    """),
    "notification_preferences": text("""
        DELETE FROM notification_preferences
         WHERE user_id = :user_id OR customer_id = ANY(CAST(:customers AS uuid[]))
    """),
    "channel_addresses": text("DELETE FROM channel_addresses WHERE user_id = :user_id"),
    "notification_attempts": text(f"""
        UPDATE notification_attempts a SET reason = NULL FROM notification_outbox n
         WHERE n.id = a.notice_id AND a.reason IS NOT NULL AND {_MY_NOTICES}
    """),
    "notification_outbox": text(f"""
        UPDATE notification_outbox n SET facts = n.facts - ARRAY['ip', 'device'], failure_reason = NULL
         WHERE {_MY_NOTICES} AND (n.facts ?| ARRAY['ip', 'device'] OR n.failure_reason IS NOT NULL)
    """),
    # The offered time is free again; then the entry goes with its offers.
    "waitlist_offers": text(f"""
        UPDATE resource_claims c SET released_at = :now FROM waitlist_offers o JOIN waitlist w ON w.id = o.entry_id
         WHERE c.offer_id = o.id AND c.released_at IS NULL AND {ENTRIES_OF_PERSON}
    """),
    "waitlist": text(f"DELETE FROM waitlist w WHERE {ENTRIES_OF_PERSON}"),
    "user_sessions": text("DELETE FROM user_sessions WHERE user_id = :user_id"),
    "known_devices": text("DELETE FROM known_devices WHERE user_id = :user_id"),
    "recovery_codes": text("DELETE FROM recovery_codes WHERE user_id = :user_id"),
    "user_two_factors": text("DELETE FROM user_two_factors WHERE user_id = :user_id"),
    "email_verifications": text("DELETE FROM email_verifications WHERE user_id = :user_id"),
    "password_resets": text("DELETE FROM password_resets WHERE user_id = :user_id"),
    "login_failures": text("""
        DELETE FROM login_failures WHERE subject_hash = sha256(convert_to(lower(CAST(:address AS text)), 'UTF8'))
    """),
    # Stored answers repeat what was asked: the login's own, and any that names the address (in any case) or something
    # of the person. Guests' keys belong to a digest, so only the body says whose they are. The table has 24 hours.
    "idempotency_keys": text("""
        DELETE FROM idempotency_keys k
         WHERE k.subject = CAST(CAST(:user_id AS uuid) AS text)
            OR position(lower(CAST(:address AS text)) IN lower(convert_from(k.body, 'UTF8'))) > 0
            OR EXISTS (SELECT FROM unnest(CAST(:bookings AS uuid[]) || CAST(:customers AS uuid[])
                                          || CAST(:mentioned AS uuid[])) AS whose(id)
                        WHERE position(convert_to(CAST(whose.id AS text), 'UTF8') IN k.body) > 0)
    """),
    "staff_invitations": text("""
        UPDATE staff_invitations SET email = CAST('erased:' || CAST(id AS text) AS citext),
               resource_name = CASE WHEN resource_name IS NOT NULL THEN jsonb_build_object('ja', '—', 'en', '—') END,
               withdrawn_at = coalesce(withdrawn_at, CASE WHEN accepted_at IS NULL THEN CAST(:now AS timestamptz) END)
         WHERE email = CAST(:address AS citext)
    """),
    # Before the assignments, which say whose resource it was. One that somebody else works as by now keeps that name.
    "resources": text("""
        UPDATE resources r SET name = jsonb_build_object('ja', '—', 'en', '—') FROM staff_assignments a
         WHERE a.user_id = :user_id AND r.id = a.resource_id AND r.business_id = a.business_id AND r.kind = 'staff'
           AND NOT EXISTS (SELECT FROM staff_assignments other WHERE other.resource_id = r.id
                              AND other.user_id <> :user_id AND other.ended_at IS NULL)
    """),
    "staff_assignments": text("""
        UPDATE staff_assignments SET ended_at = :now WHERE user_id = :user_id AND ended_at IS NULL
    """),
    "users": text("""
        UPDATE users SET email = CAST('erased:' || CAST(id AS text) AS citext), family_name = '', given_name = '',
               email_verified_at = NULL
         WHERE id = :user_id
    """),
}

#: After the delay: nothing leads from what the law keeps to the login any more.
LET_GO: Mapping[str, TextClause] = {
    "bookings": text("UPDATE bookings SET user_id = NULL WHERE user_id = :user_id"),
    "reviews": text("UPDATE reviews SET user_id = NULL WHERE user_id = :user_id"),
    "customers": text("""
        UPDATE customers SET user_id = nullif(user_id, :user_id), unlinked_user_id = nullif(unlinked_user_id, :user_id)
         WHERE user_id = :user_id OR unlinked_user_id = :user_id
    """),
    "notification_attempts": text("""
        DELETE FROM notification_attempts a USING notification_outbox n
         WHERE n.id = a.notice_id AND n.user_id = :user_id AND n.booking_id IS NULL
    """),
    "e-mails": text("DELETE FROM notification_outbox WHERE user_id = :user_id AND booking_id IS NULL"),
    "notification_outbox": text("UPDATE notification_outbox SET user_id = NULL WHERE user_id = :user_id"),
}

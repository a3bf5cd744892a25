"""What a copy of somebody's data holds: one statement a section, each giving ``entry``, an object of plain JSON.

A table that knows a person and is not here is on the list of the test that walks over them, with its reason. Notes that
a business keeps for itself are the business's to show.
"""

from collections.abc import Mapping

from db.privacy.forgetting import ENTRIES_OF_PERSON

SECTIONS: Mapping[str, str] = {
    "account": """
        SELECT to_jsonb(u) - ARRAY['password_hash', 'deleted_at'] AS entry FROM users u WHERE u.id = :user_id
    """,
    "sessions": """
        SELECT to_jsonb(s) - 'user_id' AS entry FROM user_sessions s WHERE s.user_id = :user_id ORDER BY s.id
    """,
    "known_devices": """
        SELECT to_jsonb(d) - ARRAY['user_id', 'device_hash'] AS entry FROM known_devices d WHERE d.user_id = :user_id
         ORDER BY d.created_at
    """,
    "two_factor": """
        SELECT jsonb_build_object('enabled_at', f.enabled_at, 'created_at', f.created_at) AS entry
          FROM user_two_factors f WHERE f.user_id = :user_id
    """,
    "calendar_feeds": """
        SELECT to_jsonb(f) - ARRAY['user_id', 'token_hash'] || jsonb_build_object('business', s.name) AS entry
          FROM calendar_feeds f JOIN businesses s ON s.id = f.business_id WHERE f.user_id = :user_id ORDER BY f.id
    """,
    "customer_records": """
        SELECT to_jsonb(c) - ARRAY['user_id', 'email_key'] || jsonb_build_object('business', s.name, 'totals', (
                    SELECT coalesce(jsonb_agg(to_jsonb(t) - ARRAY['business_id', 'customer_id']), '[]')
                      FROM customer_totals t WHERE t.customer_id = c.id)) AS entry
          FROM customers c JOIN businesses s ON s.id = c.business_id WHERE c.id = ANY(CAST(:customers AS uuid[]))
         ORDER BY c.id
    """,
    "bookings": """
        SELECT to_jsonb(b) - ARRAY['user_id', 'internal_notes']
               || jsonb_build_object('business', s.name, 'items', (
                    SELECT coalesce(jsonb_agg(to_jsonb(i) - ARRAY['business_id', 'booking_id'] ORDER BY i.position),
                                    '[]') FROM booking_items i WHERE i.booking_id = b.id)) AS entry
          FROM bookings b JOIN businesses s ON s.id = b.business_id WHERE b.id = ANY(CAST(:bookings AS uuid[]))
         ORDER BY b.start_at
    """,
    "booking_history": """
        SELECT jsonb_build_object('booking_id', h.booking_id, 'event', h.event, 'from', h.from_status,
                                  'to', h.to_status, 'by', h.actor_kind, 'reason', h.reason,
                                  'at', h.created_at) AS entry
          FROM booking_history h WHERE h.booking_id = ANY(CAST(:bookings AS uuid[])) ORDER BY h.id
    """,
    "waitlist": f"""
        SELECT to_jsonb(w) - ARRAY['user_id', 'ip'] || jsonb_build_object('business', s.name, 'offers', (
                    SELECT coalesce(jsonb_agg(to_jsonb(o) - ARRAY['business_id', 'entry_id', 'during'] ORDER BY o.id),
                                    '[]') FROM waitlist_offers o WHERE o.entry_id = w.id)) AS entry
          FROM waitlist w JOIN businesses s ON s.id = w.business_id WHERE {ENTRIES_OF_PERSON} ORDER BY w.id
    """,
    "reviews": """
        SELECT to_jsonb(r) - ARRAY['user_id', 'replied_by'] || jsonb_build_object('business', s.name) AS entry
          FROM reviews r JOIN businesses s ON s.id = r.business_id
         WHERE r.booking_id = ANY(CAST(:bookings AS uuid[])) ORDER BY r.created_at, r.id
    """,
    "payments": """
        SELECT to_jsonb(p) - 'client_secret' AS entry FROM booking_payments p
         WHERE p.booking_id = ANY(CAST(:bookings AS uuid[]))
         ORDER BY p.id
    """,
    "refunds": """
        SELECT to_jsonb(r) AS entry FROM refunds r WHERE r.booking_id = ANY(CAST(:bookings AS uuid[])) ORDER BY r.id
    """,
    "venue_payments": """
        SELECT to_jsonb(v) - ARRAY['taken_by', 'corrected_by', 'command_id'] AS entry FROM venue_payments v
         WHERE v.booking_id = ANY(CAST(:bookings AS uuid[])) ORDER BY v.id
    """,
    "receipts": """
        SELECT to_jsonb(r) - 'digest' AS entry FROM receipts r
         WHERE r.booking_id = ANY(CAST(:bookings AS uuid[])) ORDER BY r.id
    """,
    "notices": """
        SELECT to_jsonb(n) - ARRAY['user_id', 'dedupe_key', 'provider_message_id', 'link_code', 'route'] AS entry
          FROM notification_outbox n
         WHERE n.user_id = :user_id OR n.customer_id = ANY(CAST(:customers AS uuid[])) ORDER BY n.id
    """,
    "message_preferences": """
        SELECT to_jsonb(p) - 'user_id' AS entry FROM notification_preferences p
         WHERE p.user_id = :user_id OR p.customer_id = ANY(CAST(:customers AS uuid[])) ORDER BY p.id
    """,
    "channel_addresses": """
        SELECT to_jsonb(h) - ARRAY['user_id', 'keys', 'tries'] AS entry FROM channel_addresses h
         WHERE h.user_id = :user_id ORDER BY h.id
    """,
    "consents": """
        SELECT to_jsonb(c) - 'actor_id' || jsonb_build_object('business', s.name) AS entry
          FROM consents c JOIN businesses s ON s.id = c.business_id
         WHERE c.customer_id = ANY(CAST(:customers AS uuid[])) ORDER BY c.id
    """,
    "work": """
        SELECT to_jsonb(a) || jsonb_build_object('business', s.name) AS entry
          FROM staff_assignments a JOIN businesses s ON s.id = a.business_id WHERE a.user_id = :user_id
    """,
    "tills": "SELECT to_jsonb(t) - 'user_id' AS entry FROM tills t WHERE t.user_id = :user_id ORDER BY t.day, t.id",
    "businesses": "SELECT to_jsonb(b) AS entry FROM businesses b WHERE b.owner_id = :user_id ORDER BY b.id",
    "own_changes": """
        SELECT to_jsonb(a) - ARRAY['before', 'after', 'actor_id'] AS entry FROM audit_logs a
         WHERE a.actor_id = :user_id ORDER BY a.at, a.id
    """,
    "exports": "SELECT to_jsonb(e) - 'user_id' AS entry FROM data_exports e WHERE e.user_id = :user_id ORDER BY e.id",
}

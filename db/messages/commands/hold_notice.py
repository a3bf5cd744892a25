"""The message that a time is reserved until it is paid, as part of the statement that makes the booking: a statement of
its own would be one more round trip for every booking."""

#: Two parts of a WITH list, after ``whole(yes)``, which says whether the booking was made. Bound: ``business_id``,
#: ``booking_id``, ``user_id``, ``customer_id``, ``email``, ``language``, ``aggregate``, ``now``, ``amount_due``,
#: ``hold_expires_at`` and ``request_id``. Nothing is written where nothing is to be paid online.
HOLD_NOTICE = """notice AS (
    INSERT INTO notification_outbox (business_id, booking_id, user_id, customer_id, audience, kind, channel, language,
        status, dedupe_key, sent_at)
    SELECT :business_id, :booking_id, :user_id, :customer_id, 'customer', 'booking_held', x.channel, :language,
           CASE x.channel WHEN 'email' THEN 'queued' ELSE 'sent' END, :aggregate || '/held',
           CASE x.channel WHEN 'email' THEN NULL ELSE CAST(:now AS timestamptz) END
      FROM whole CROSS JOIN (SELECT CASE WHEN :email <> '' THEN 'email' ELSE 'in_app' END AS channel) x
     WHERE yes AND CAST(:amount_due AS bigint) > 0
    RETURNING id, channel),
sending AS (
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
    SELECT :business_id, 'notice.queued', 'notice/' || id,
           jsonb_build_object('notice_id', id, 'business_id', CAST(:business_id AS uuid), 'kind', 'booking_held',
                              'give_up_at', CAST(:hold_expires_at AS timestamptz)), 'notice.start', :request_id
      FROM notice WHERE channel = 'email')"""

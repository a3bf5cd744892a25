-- Queues an account e-mail. It may belong to no business, and such rows are the platform's: enters the platform's
-- scope for the two inserts.
CREATE OR REPLACE FUNCTION app_queue_account_email(
    tenant uuid, recipient uuid, kind text, language text, facts jsonb, dedupe_key text, seconds double precision,
    request_id text)
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE was text := current_setting('app.scope', true); made uuid;
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    INSERT INTO notification_outbox (business_id, user_id, audience, kind, channel, language, facts, status, dedupe_key)
    VALUES (tenant, recipient, 'user', app_queue_account_email.kind, 'email',
            coalesce(app_queue_account_email.language, (SELECT u.language FROM users u WHERE u.id = recipient), 'ja'),
            app_queue_account_email.facts, 'queued', app_queue_account_email.dedupe_key)
    ON CONFLICT ON CONSTRAINT uq_notification_outbox_dedupe_key DO NOTHING RETURNING id INTO made;
    IF made IS NOT NULL THEN
        INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
        VALUES (tenant, 'notice.queued', 'notice/' || made,
                jsonb_build_object('notice_id', made, 'business_id', tenant, 'kind', app_queue_account_email.kind,
                                   'give_up_at', now() + make_interval(secs => seconds)),
                'notice.start', app_queue_account_email.request_id);
    END IF;
    PERFORM set_config('app.scope', was, true);
    RETURN made;
END $$;

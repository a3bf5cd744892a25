-- Writes an outbox command that belongs to no business, from any scope: enters the platform's scope for the insert.
CREATE OR REPLACE FUNCTION app_queue_command(event text, aggregate text, payload jsonb, command text, request_id text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE was text := current_setting('app.scope', true);
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    INSERT INTO outbox (event, aggregate, payload, command, request_id)
    VALUES (app_queue_command.event, app_queue_command.aggregate, app_queue_command.payload,
            app_queue_command.command, app_queue_command.request_id);
    PERFORM set_config('app.scope', was, true);
END $$;

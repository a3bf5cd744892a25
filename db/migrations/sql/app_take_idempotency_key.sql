-- Takes an idempotency key inside the caller's transaction. A concurrent request with the same key waits here until
-- the first one commits.
CREATE OR REPLACE FUNCTION app_take_idempotency_key(
    key_subject text, key_name text, key_fingerprint bytea,
    OUT fresh boolean, OUT same boolean, OUT status_code smallint, OUT body bytea)
LANGUAGE plpgsql AS $$
DECLARE known idempotency_keys;
BEGIN
    INSERT INTO idempotency_keys (subject, key, fingerprint, locked_until)
    VALUES (key_subject, key_name, key_fingerprint, now() + interval '30 seconds') ON CONFLICT DO NOTHING;
    fresh := FOUND;
    same := true;
    IF fresh THEN RETURN; END IF;
    SELECT * INTO known FROM idempotency_keys k WHERE k.subject = key_subject AND k.key = key_name FOR UPDATE;
    IF known.created_at < now() - interval '24 hours' THEN
        UPDATE idempotency_keys k
           SET fingerprint = key_fingerprint, status_code = NULL, body = NULL, created_at = now(),
               locked_until = now() + interval '30 seconds'
         WHERE k.subject = key_subject AND k.key = key_name;
        fresh := true;
        RETURN;
    END IF;
    same := known.fingerprint = key_fingerprint;
    status_code := known.status_code;
    body := known.body;
    -- The first request ended without a response (its process died): the same request may try again.
    IF same AND status_code IS NULL AND known.locked_until < now() THEN
        UPDATE idempotency_keys k SET locked_until = now() + interval '30 seconds'
         WHERE k.subject = key_subject AND k.key = key_name;
        fresh := true;
    END IF;
END $$;

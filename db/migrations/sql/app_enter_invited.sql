-- A person who is invited has no role in the business yet. The login that the invitation is addressed to, in its own
-- scope, enters the business with it. Nobody else can.
CREATE OR REPLACE FUNCTION app_enter_invited(invitation uuid)
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE me uuid := app_self(); tenant uuid;
BEGIN
    IF me IS NULL THEN RETURN NULL; END IF;
    PERFORM set_config('app.scope', 'platform', true);
    SELECT i.business_id INTO tenant
      FROM staff_invitations i JOIN users u ON u.email = i.email JOIN businesses b ON b.id = i.business_id
     WHERE i.id = invitation AND u.id = me AND b.deleted_at IS NULL;
    IF tenant IS NULL THEN
        PERFORM set_config('app.scope', 'self', true);
        RETURN NULL;
    END IF;
    PERFORM set_config('app.scope', 'tenant', true), set_config('app.business_id', tenant::text, true);
    RETURN tenant;
END $$;

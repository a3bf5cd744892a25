-- Keeps review_statistics: what the row counted before is taken away, and what it counts now is added, for the business,
-- its services and its staff. The row of the business is locked first: two changes at one business take turns, so they
-- do not lock the others in different orders.
CREATE OR REPLACE FUNCTION count_review()
RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before boolean := TG_OP <> 'INSERT' AND OLD.status = 'published' AND OLD.deleted_at IS NULL;
    after boolean := TG_OP <> 'DELETE' AND NEW.status = 'published' AND NEW.deleted_at IS NULL;
BEGIN
    IF NOT before AND NOT after THEN
        RETURN NULL;
    END IF;
    PERFORM count_stars(coalesce(NEW.business_id, OLD.business_id),
        CASE WHEN before THEN OLD.rating END, CASE WHEN before THEN OLD.service_ids END,
        CASE WHEN before THEN OLD.staff_ids END,
        CASE WHEN after THEN NEW.rating END, CASE WHEN after THEN NEW.service_ids END,
        CASE WHEN after THEN NEW.staff_ids END);
    RETURN NULL;
END $$;

-- Making a partition needs the owner's rights. The application may do exactly this: one to twelve months ahead.
CREATE OR REPLACE FUNCTION app_ensure_audit_partitions(months integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF months NOT BETWEEN 1 AND 12 THEN
        RAISE EXCEPTION 'months: between 1 and 12' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    PERFORM public.ensure_audit_partitions(months);
END $$;
REVOKE ALL ON FUNCTION app_ensure_audit_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_ensure_audit_partitions TO omotenashi_app;

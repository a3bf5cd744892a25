-- What the application's role may do. A later migration grants on its own tables; this file is not changed.
GRANT USAGE ON SCHEMA public TO omotenashi_app;
GRANT SELECT ON alembic_version TO omotenashi_app;
GRANT SELECT ON
    audit_logs, business_directory, business_slugs
    TO omotenashi_app;
GRANT SELECT, INSERT ON
    booking_history, business_decisions, payment_transactions
    TO omotenashi_app;
GRANT SELECT, INSERT, UPDATE ON
    data_exports, erasures
    TO omotenashi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    attention, booking_items, booking_payments, booking_reminders, bookings, business_documents, business_holidays,
    business_hours, business_media, business_settings, business_verifications, businesses, cancellation_policies,
    customers, email_verifications, feature_flags, flag_rollouts, idempotency_keys, known_devices, login_failures,
    notification_attempts, notification_outbox, outbox, password_resets, payment_webhooks, rate_limits,
    reaccommodations, recovery_codes, refresh_tokens, refunds, resource_claims, resources, service_resources, services,
    staff_assignments, staff_exceptions, staff_invitations, staff_working_hours, user_sessions, user_two_factors, users
    TO omotenashi_app;

-- Row-level security: which rows a transaction sees and writes. It binds the owner of the tables, too. A later migration
-- secures its own tables; this file is not changed.

ALTER TABLE attention ENABLE ROW LEVEL SECURITY;
ALTER TABLE attention FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON attention USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_logs USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON audit_logs FOR SELECT
    USING (((SELECT app_self()) IS NOT NULL) AND (business_id IN (SELECT b.id FROM businesses b WHERE ((b.owner_id =
    (SELECT app_self())) AND (b.deleted_at IS NULL)))));
CREATE POLICY written_by_trigger ON audit_logs FOR INSERT WITH CHECK (current_user = 'omotenashi_owner');

ALTER TABLE audit_logs_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs_default FORCE ROW LEVEL SECURITY;

ALTER TABLE booking_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE booking_history FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON booking_history USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON booking_history FOR SELECT
    USING (((SELECT app_self()) IS NOT NULL) AND (EXISTS (SELECT 1 FROM bookings b WHERE (b.id =
    booking_history.booking_id))));

ALTER TABLE booking_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE booking_items FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON booking_items USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON booking_items FOR SELECT
    USING (((SELECT app_self()) IS NOT NULL) AND (EXISTS (SELECT 1 FROM bookings b WHERE (b.id =
    booking_items.booking_id))));

ALTER TABLE booking_payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE booking_payments FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON booking_payments USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON booking_payments FOR SELECT
    USING (((SELECT app_self()) IS NOT NULL) AND (EXISTS (SELECT 1 FROM bookings b WHERE (b.id =
    booking_payments.booking_id))));

ALTER TABLE booking_reminders ENABLE ROW LEVEL SECURITY;
ALTER TABLE booking_reminders FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON booking_reminders USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE bookings FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bookings USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON bookings FOR SELECT USING (user_id = (SELECT app_self()));

ALTER TABLE business_decisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_decisions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON business_decisions USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE business_directory ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_directory FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON business_directory FOR SELECT USING (true);
CREATE POLICY written_by_trigger ON business_directory USING (current_user = 'omotenashi_owner');

ALTER TABLE business_documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_documents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON business_documents USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE business_holidays ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_holidays FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON business_holidays USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON business_holidays FOR SELECT
    USING ((SELECT app_public()) AND (EXISTS (SELECT 1 FROM businesses b WHERE (b.id =
    business_holidays.business_id))));

ALTER TABLE business_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_hours FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON business_hours USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON business_hours FOR SELECT
    USING ((SELECT app_public()) AND (EXISTS (SELECT 1 FROM businesses b WHERE (b.id = business_hours.business_id))));

ALTER TABLE business_media ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_media FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON business_media USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON business_media FOR SELECT
    USING ((SELECT app_public()) AND (status = 'ready'::text) AND (deleted_at IS NULL) AND (EXISTS (SELECT 1 FROM
    businesses b WHERE (b.id = business_media.business_id))));

ALTER TABLE business_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_settings FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON business_settings USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON business_settings FOR SELECT
    USING ((SELECT app_public()) AND (EXISTS (SELECT 1 FROM businesses b WHERE (b.id =
    business_settings.business_id))));

ALTER TABLE business_slugs ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_slugs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON business_slugs USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON business_slugs FOR SELECT
    USING ((SELECT app_public()) AND (EXISTS (SELECT 1 FROM businesses b WHERE (b.id = business_slugs.business_id))));
CREATE POLICY written_by_trigger ON business_slugs USING (current_user = 'omotenashi_owner');

ALTER TABLE business_verifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_verifications FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON business_verifications
    USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE businesses ENABLE ROW LEVEL SECURITY;
ALTER TABLE businesses FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON businesses USING ((id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON businesses FOR SELECT
    USING (((SELECT app_public()) AND (status = 'approved'::text) AND (deleted_at IS NULL)) OR (owner_id = (SELECT
    app_self())) OR (((SELECT app_self()) IS NOT NULL) AND (id IN (SELECT a.business_id FROM staff_assignments a WHERE
    ((a.user_id = (SELECT app_self())) AND (a.ended_at IS NULL))))));
CREATE POLICY register ON businesses FOR INSERT WITH CHECK (owner_id = (SELECT app_self()));

ALTER TABLE cancellation_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE cancellation_policies FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON cancellation_policies USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON cancellation_policies FOR SELECT
    USING ((SELECT app_public()) AND (EXISTS (SELECT 1 FROM businesses b WHERE (b.id =
    cancellation_policies.business_id))));

ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON customers USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON customers FOR SELECT USING (user_id = (SELECT app_self()));

ALTER TABLE data_exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_exports FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON data_exports USING ((user_id = (SELECT app_self())) OR (SELECT app_platform()));

ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON erasures USING ((user_id = (SELECT app_self())) OR (SELECT app_platform()));

ALTER TABLE feature_flags ENABLE ROW LEVEL SECURITY;
ALTER TABLE feature_flags FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON feature_flags USING ((SELECT app_platform()));

ALTER TABLE flag_rollouts ENABLE ROW LEVEL SECURITY;
ALTER TABLE flag_rollouts FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON flag_rollouts USING ((SELECT app_platform()));

ALTER TABLE notification_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notification_attempts USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE notification_outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification_outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notification_outbox USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON notification_outbox FOR SELECT USING (user_id = (SELECT app_self()));
CREATE POLICY mark_read ON notification_outbox FOR UPDATE USING (user_id = (SELECT app_self()));

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON outbox USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE payment_transactions ENABLE ROW LEVEL SECURITY;
ALTER TABLE payment_transactions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON payment_transactions USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE payment_webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE payment_webhooks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON payment_webhooks USING ((SELECT app_platform()));

ALTER TABLE reaccommodations ENABLE ROW LEVEL SECURITY;
ALTER TABLE reaccommodations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reaccommodations USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON reaccommodations FOR SELECT
    USING (((SELECT app_self()) IS NOT NULL) AND (EXISTS (SELECT 1 FROM bookings b WHERE (b.id =
    reaccommodations.booking_id))));

ALTER TABLE refunds ENABLE ROW LEVEL SECURITY;
ALTER TABLE refunds FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refunds USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON refunds FOR SELECT
    USING (((SELECT app_self()) IS NOT NULL) AND (EXISTS (SELECT 1 FROM bookings b WHERE (b.id =
    refunds.booking_id))));

ALTER TABLE resource_claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE resource_claims FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON resource_claims USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON resource_claims FOR SELECT
    USING (((SELECT app_self()) IS NOT NULL) AND (EXISTS (SELECT 1 FROM bookings b WHERE (b.id =
    resource_claims.booking_id))));

ALTER TABLE resources ENABLE ROW LEVEL SECURITY;
ALTER TABLE resources FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON resources USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON resources FOR SELECT
    USING ((SELECT app_public()) AND (EXISTS (SELECT 1 FROM businesses b WHERE (b.id = resources.business_id))));

ALTER TABLE service_resources ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_resources FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON service_resources USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON service_resources FOR SELECT
    USING ((SELECT app_public()) AND (EXISTS (SELECT 1 FROM businesses b WHERE (b.id =
    service_resources.business_id))));

ALTER TABLE services ENABLE ROW LEVEL SECURITY;
ALTER TABLE services FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON services USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON services FOR SELECT
    USING ((SELECT app_public()) AND (EXISTS (SELECT 1 FROM businesses b WHERE (b.id = services.business_id))));

ALTER TABLE staff_assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_assignments FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON staff_assignments USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));
CREATE POLICY also_read ON staff_assignments FOR SELECT USING (user_id = (SELECT app_self()));

ALTER TABLE staff_exceptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_exceptions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON staff_exceptions USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE staff_invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON staff_invitations USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

ALTER TABLE staff_working_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_working_hours FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON staff_working_hours USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()));

-- The work of the trigger count_review: old_rating is taken away from its subjects, new_rating is added to its own. NULL:
-- nothing is taken away, or nothing is added.
CREATE OR REPLACE FUNCTION count_stars(
    business uuid, old_rating smallint, old_services uuid[], old_staff uuid[],
    new_rating smallint, new_services uuid[], new_staff uuid[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO review_statistics (business_id, subject, subject_id) VALUES (business, 'business', business)
        ON CONFLICT DO NOTHING;
    PERFORM FROM review_statistics s
      WHERE s.business_id = business AND s.subject = 'business' AND s.subject_id = business FOR UPDATE;
    INSERT INTO review_statistics (business_id, subject, subject_id)
    SELECT business, 'service', one FROM unnest(new_services) one WHERE new_rating IS NOT NULL
     UNION ALL SELECT business, 'staff', one FROM unnest(new_staff) one WHERE new_rating IS NOT NULL
        ON CONFLICT DO NOTHING;
    UPDATE review_statistics s
       SET stars_1 = s.stars_1 + d.change[1], stars_2 = s.stars_2 + d.change[2], stars_3 = s.stars_3 + d.change[3],
           stars_4 = s.stars_4 + d.change[4], stars_5 = s.stars_5 + d.change[5]
      FROM (SELECT c.subject, c.subject_id,
                   ARRAY(SELECT coalesce(sum(x.change) FILTER (WHERE x.rating = n), 0)::int
                           FROM unnest(array_agg(c.rating), array_agg(c.change)) x (rating, change)
                          CROSS JOIN generate_series(1, 5) n GROUP BY n ORDER BY n) AS change
              FROM (SELECT 'business' AS subject, business AS subject_id, old_rating AS rating, -1 AS change
                     UNION ALL SELECT 'business', business, new_rating, 1
                     UNION ALL SELECT 'service', one, old_rating, -1 FROM unnest(old_services) one
                     UNION ALL SELECT 'service', one, new_rating, 1 FROM unnest(new_services) one
                     UNION ALL SELECT 'staff', one, old_rating, -1 FROM unnest(old_staff) one
                     UNION ALL SELECT 'staff', one, new_rating, 1 FROM unnest(new_staff) one) c
             WHERE c.rating IS NOT NULL GROUP BY c.subject, c.subject_id) d
     WHERE s.business_id = business AND s.subject = d.subject AND s.subject_id = d.subject_id;
END $$;

"""Invariants of reviews, computed from the rows themselves (`db.invariants`)."""

from sqlalchemy import text

# The stars that a trigger counts, against a recount of the published reviews.
STARS = text("""
    WITH page AS (SELECT id FROM businesses WHERE id > :after AND id <= :last),
    star AS (
        SELECT r.business_id, r.rating, x.subject, x.subject_id
          FROM page b JOIN reviews r ON r.business_id = b.id AND r.status = 'published' AND r.deleted_at IS NULL
         CROSS JOIN LATERAL (
            SELECT 'business' AS subject, r.business_id AS subject_id
             UNION ALL SELECT 'service', unnest(r.service_ids)
             UNION ALL SELECT 'staff', unnest(r.staff_ids)) x),
    recount AS (
        SELECT business_id, subject, subject_id,
               ARRAY[count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2),
                     count(*) FILTER (WHERE rating = 3), count(*) FILTER (WHERE rating = 4),
                     count(*) FILTER (WHERE rating = 5)] AS stars
          FROM star GROUP BY business_id, subject, subject_id),
    kept AS (
        SELECT s.business_id, s.subject, s.subject_id,
               ARRAY[s.stars_1, s.stars_2, s.stars_3, s.stars_4, s.stars_5]::bigint[] AS stars
          FROM page b JOIN review_statistics s ON s.business_id = b.id)
    SELECT 'stars_and_recount_differ' AS kind,
           jsonb_build_object('business_id', coalesce(k.business_id, c.business_id),
                              'subject_id', coalesce(k.subject_id, c.subject_id)) AS ids,
           jsonb_build_object('subject', coalesce(k.subject, c.subject), 'kept', k.stars, 'recount', c.stars) AS facts
      FROM kept k FULL JOIN recount c USING (business_id, subject, subject_id)
     WHERE coalesce(k.stars, '{0,0,0,0,0}') <> coalesce(c.stars, '{0,0,0,0,0}')
""")
# By the order of ids: rows of one review are written under its lock.
REVIEWS = text("""
    WITH step AS (
        SELECT h.review_id, h.from_status, h.to_status, lag(h.to_status) OVER history AS before,
               lead(h.id) OVER history IS NULL AS is_last
          FROM review_history h JOIN reviews r ON r.id = h.review_id
         WHERE r.id > :after AND r.id <= :last WINDOW history AS (PARTITION BY h.review_id ORDER BY h.id))
    SELECT 'review_history_broken' AS kind, jsonb_build_object('review_id', review_id) AS ids,
           jsonb_build_object('from', from_status, 'before', before) AS facts
      FROM step WHERE from_status IS DISTINCT FROM before
    UNION ALL
    SELECT 'review_status_without_history', jsonb_build_object('review_id', r.id),
           jsonb_build_object('status', r.status, 'recorded', s.to_status)
      FROM reviews r LEFT JOIN step s ON s.review_id = r.id AND s.is_last
     WHERE r.id > :after AND r.id <= :last AND s.to_status IS DISTINCT FROM r.status
""")

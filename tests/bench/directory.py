"""Fifty thousand businesses as a directory of Japan might hold them: names from common parts, most in a few large
prefectures, points scattered around their capitals. ``python -m tests.bench.directory`` times the search over them."""

import asyncio
import json
import statistics
import time
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db.businesses.search import Point, Search, Sort
from db.engine.session import Database, Scope
from domain.businesses.search import terms_of
from runtime.temporal import guard_exit
from tests.support import data, servers

BUSINESSES = 50_000
#: Shibuya crossing.
SHIBUYA = Point(35.6595, 139.7005, 3000)
_FILL = """
    INSERT INTO businesses (owner_id, slug, status, vertical, name, description, prefecture, city, address, latitude,
                            longitude)
    SELECT :owner, 'business-' || g, 'approved',
           (ARRAY['salon','spa','restaurant','barber','clinic','fitness'])[1 + g % 6],
           jsonb_build_object('ja', ja[1 + (g * 7) % 10] || kind_ja[1 + g % 6] || kanji[1 + (g / 7) % 12] || ' ' || g,
                              'en', en[1 + (g * 7) % 10] || ' ' || kind_en[1 + g % 6] || ' ' || g),
           jsonb_build_object('ja', '地域に愛される' || kind_ja[1 + g % 6] || 'です。駅から徒歩' || g % 15 || '分。',
                              'en', 'A ' || kind_en[1 + g % 6] || ' near the station, loved by its neighbours.'),
           p.name, p.city, jsonb_build_object('ja', g % 9 || '丁目' || g % 30), p.lat + sin(g * 12.9898) * 0.15,
           p.lon + sin(g * 78.233) * 0.15
      FROM generate_series(1, :count) g,
           (SELECT ARRAY['さくら','ひかり','あおぞら','なごみ','みどり','こもれび','はな','つき','ゆき','うみ'] AS ja,
                   ARRAY['Sakura','Hikari','Aozora','Nagomi','Midori','Komorebi','Hana','Tsuki','Yuki','Umi'] AS en,
                   ARRAY['ヘアサロン','スパ','食堂','理容室','クリニック','ジム'] AS kind_ja,
                   ARRAY['Hair Salon','Spa','Diner','Barber','Clinic','Gym'] AS kind_en,
                   ARRAY['花','月','海','山','川','森','空','雪','光','風','星','京'] AS kanji) words,
           LATERAL (SELECT * FROM (VALUES (0, '東京都', '渋谷区', 35.66, 139.70),
                (1, '大阪府', '大阪市', 34.69, 135.50), (2, '愛知県', '名古屋市', 35.18, 136.91),
                (3, '京都府', '京都市', 35.01, 135.77), (4, '鳥取県', '鳥取市', 35.50, 134.24))
                AS v (n, name, city, lat, lon)
            WHERE n = CASE WHEN g % 10 < 4 THEN 0 WHEN g % 10 < 7 THEN 1 WHEN g % 10 < 8 THEN 2
                           WHEN g % 50 = 9 THEN 4 ELSE 3 END) p
"""


def _asked(sort: Sort, words: str = "", **more: object) -> Search:
    return Search(sort, "ja", 21, terms_of(words) if words else [], **more)  # type: ignore[arg-type]


#: What visitors ask, the awkward included: one character, a word that half of them have, words that few have.
HOT: Mapping[str, Search] = {
    "newest": _asked(Sort.NEWEST),
    "newest of a kind": _asked(Sort.NEWEST, vertical="spa"),
    "newest of a rare prefecture": _asked(Sort.NEWEST, prefecture="鳥取県"),
    "by name": _asked(Sort.NAME),
    "by name in a prefecture": _asked(Sort.NAME, prefecture="京都府", vertical="clinic"),
    "a rare name": _asked(Sort.RELEVANCE, "うみスパ月 21007"),
    "katakana for hiragana": _asked(Sort.RELEVANCE, "サクラ"),
    "a common word": _asked(Sort.RELEVANCE, "ヘアサロン"),
    "an English word": _asked(Sort.RELEVANCE, "sakura salon"),
    "one character": _asked(Sort.RELEVANCE, "京"),
    "two characters": _asked(Sort.RELEVANCE, "鳥取"),
    "a word that is nowhere": _asked(Sort.RELEVANCE, "ラーメン二郎"),
    "a word, newest": _asked(Sort.NEWEST, "クリニック"),
    "a word, by name": _asked(Sort.NAME, "クリニック", prefecture="京都府"),
    "near": _asked(Sort.DISTANCE, near=SHIBUYA),
    "near, wide": _asked(Sort.DISTANCE, near=Point(35.66, 139.70, 50_000)),
    "near, of a kind": _asked(Sort.DISTANCE, vertical="barber", near=SHIBUYA),
    "near, a word": _asked(Sort.DISTANCE, "さくら", near=SHIBUYA),
    "near, by name": _asked(Sort.NAME, near=SHIBUYA),
}


async def fill(database: servers.Database, pool: Database, count: int = BUSINESSES) -> None:
    """Straight in, as superuser; the triggers that keep the directory run as for every other business."""
    owner = await data.add_user(pool)
    engine = create_async_engine(database.superuser_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        # Constraint triggers that wait for the end of the transaction would forbid the second ALTER TABLE.
        await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        await connection.execute(text("ALTER TABLE businesses DISABLE TRIGGER audit"))
        await connection.execute(text(_FILL), {"owner": owner, "count": count})
        await connection.execute(text("ALTER TABLE businesses ENABLE TRIGGER audit"))
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
    await engine.dispose()


async def main() -> None:
    """Print milliseconds (p50, p95, most) and rows of every question, as the application's role."""
    async with servers.run_postgres() as postgres:
        await servers.make_template(postgres)
        async with servers.copy_of_template(postgres) as database, data.opened(database) as pool:
            began = time.perf_counter()
            await fill(database, pool)
            print(f"filled in {time.perf_counter() - began:.1f} s")  # noqa: T201
            for name, asked in HOT.items():
                took = []
                for _ in range(30):
                    began = time.perf_counter()
                    async with pool.unit_of_work(Scope.public()) as work:
                        found = await work.businesses.search(asked)
                    took.append((time.perf_counter() - began) * 1000)
                took.sort()
                row = {"p50": statistics.median(took), "p95": took[28], "most": took[-1], "rows": len(found)}
                print(f"{name:32}", json.dumps({key: round(value, 1) for key, value in row.items()}))  # noqa: T201


if __name__ == "__main__":
    guard_exit()
    asyncio.run(main())

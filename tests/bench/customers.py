"""A hundred thousand customers as a chain of salons in Japan might have them, and the searches that its staff make.

``python -m tests.bench.customers`` times the searches among 1 000 and among 100 000: the larger may take twice as long.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db.engine.session import Database, Scope
from domain.customers.search import read_search
from runtime.temporal import guard_exit
from tests.support import data, servers

FEW, MANY = 1_000, 100_000
#: Family names by how common they are, as lists of frequent names have them: 佐藤 is about 1.5 % of people.
_FILL = """
    INSERT INTO customers (business_id, family_name, given_name, family_name_kana, given_name_kana, phone, email, tags)
    SELECT :business, f.name, w.given[1 + (g * 7919) % 12], f.kana, w.given_kana[1 + (g * 7919) % 12],
           '+8190' || lpad(((g * 7477777::bigint) % 100000000)::text, 8, '0'),
           CASE WHEN g % 3 > 0 THEN 'user' || (g * 31337::bigint) % 1000003 || '@' || w.hosts[1 + g % 4] END,
           CASE WHEN g % 500 = 0 THEN ARRAY['VIP'] WHEN g % 3 = 0 THEN ARRAY['会員'] ELSE '{}' END
      FROM generate_series(1, :count) g,
           (SELECT ARRAY['花子','太郎','愛','翔','結衣','蓮','美咲','大輔','陽子','健','さくら','誠'] AS given,
                   ARRAY['ハナコ','タロウ','アイ','ショウ','ユイ','レン','ミサキ','ダイスケ','ヨウコ','ケン','サクラ','マコト']
                       AS given_kana,
                   ARRAY['gmail.com','yahoo.co.jp','docomo.ne.jp','example.jp'] AS hosts,
                   ARRAY['山','田','川','木','村','本','野','原','島','谷','沢','橋','上','下','中','大'] AS first,
                   ARRAY['ヤマ','タ','カワ','キ','ムラ','モト','ノ','ハラ','シマ','タニ','サワ','ハシ','ウエ','シタ','ナカ','オオ']
                       AS first_kana) w,
           LATERAL (SELECT CASE WHEN g % 65 = 0 THEN '佐藤' WHEN g % 997 = 1 THEN '勅使河原'
                                ELSE w.first[1 + g % 16] || w.first[1 + (g / 16) % 16] END AS name,
                           CASE WHEN g % 65 = 0 THEN 'サトウ' WHEN g % 997 = 1 THEN 'テシガワラ'
                                ELSE w.first_kana[1 + g % 16] || w.first_kana[1 + (g / 16) % 16] END AS kana) f
"""
#: What staff type: words and tag. Rare and common ones, one character, parts of numbers, nobody's name.
HOT: Mapping[str, tuple[str | None, str | None]] = {
    "newest": (None, None),
    "common name": ("佐藤", None),
    "rare name": ("勅使河原", None),
    "rare name in half-width kana": ("ﾃｼｶﾞﾜﾗ", None),
    "two common words": ("佐藤 さくら", None),
    "one character": ("山", None),
    "one Latin letter": ("u", None),
    "end of a number": ("7777", None),
    "whole number": ("+81 90-0747-7777", None),
    "e-mail address": ("user31337@gmail.com", None),
    "host of an address": ("@gmail.com", None),
    "nobody": ("武者小路", None),
    "common tag": (None, "会員"),
    "rare tag": (None, "VIP"),
    "rare tag and a name": ("佐藤", "VIP"),
}


async def fill(database: servers.Database, business_id: UUID, count: int) -> None:
    """Straight in, as superuser; the trigger that keeps the search runs as for every other record."""
    engine = create_async_engine(database.superuser_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE customers DISABLE TRIGGER audit"))
        await connection.execute(text(_FILL), {"business": business_id, "count": count})
        await connection.execute(text("ALTER TABLE customers ENABLE TRIGGER audit"))
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
    await engine.dispose()


async def time_search(pool: Database, business_id: UUID, name: str) -> tuple[float, int]:
    """Milliseconds of a search in a transaction of its own, and its rows."""
    words, tag = HOT[name]
    began = time.perf_counter()
    async with pool.unit_of_work(Scope.tenant(business_id)) as work:
        rows = len(await work.customers.list_customers(read_search(words) if words else None, tag, None, 21))
    return (time.perf_counter() - began) * 1000, rows


async def main() -> None:
    """Print milliseconds (p50) among few and among many, and how many times longer the larger takes."""
    async with servers.run_postgres() as postgres:
        await servers.make_template(postgres)
        async with servers.copy_of_template(postgres) as database, data.opened(database) as pool:
            few, many = await data.add_business(pool), await data.add_business(pool)
            for business_id, count in ((few, FEW), (many, MANY)):
                began = time.perf_counter()
                await fill(database, business_id, count)
                print(f"{count} customers in {time.perf_counter() - began:.1f} s")  # noqa: T201
            for name in HOT:
                # In turn, so that whatever else the machine does slows down both.
                rounds = [[await time_search(pool, one, name) for one in (few, many)] for _ in range(40)]
                least, most = (statistics.median(took[place][0] for took in rounds) for place in (0, 1))
                row = {"few_ms": round(least, 2), "many_ms": round(most, 2), "times": round(most / least, 2)}
                print(f"{name:32}", json.dumps({**row, "rows": rounds[-1][1][1]}))  # noqa: T201


if __name__ == "__main__":
    guard_exit()
    asyncio.run(main())

"""Records of customers over HTTP: who may do what, what is stored, and pages."""

from datetime import date, timedelta
from typing import Any

from db.engine.session import Database as Pool
from tests.api.business_setup import OpenSalon, open_salon
from tests.api.conftest import Clock, Login, Person, Statements, error_of, rules_of
from tests.support import data


def body_of(salon: OpenSalon, **more: Any) -> dict[str, Any]:
    return {"business_id": str(salon.id), "family_name": "山田", **more}


async def made(caller: Person, salon: OpenSalon, **more: Any) -> dict[str, Any]:
    answer = await caller.post("/customers", json=body_of(salon, **more))
    assert answer.status_code == 201, answer.text
    customer: dict[str, Any] = answer.json()["data"]
    return customer


async def test_customer_is_stored_in_one_form(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    written = {"given_name": "花子", "family_name_kana": "ﾔﾏﾀﾞ", "given_name_kana": "はなこ", "phone": "090ー1234ー5678"}
    more = {
        "email": "Hanako@Example.jp",
        "birthday": "1985-04-29",
        "tags": ["ＶＩＰ", "VIP"],
        "preferences": {"茶": "濃い"},
    }
    customer = await made(owner, salon, **written, **more)
    assert (customer["family_name_kana"], customer["given_name_kana"]) == ("ヤマダ", "ハナコ")
    assert (customer["phone"], customer["tags"], customer["has_login"]) == ("+819012345678", ["VIP"], False)
    assert (customer["birthday"], customer["preferences"], customer["language"]) == ("1985-04-29", {"茶": "濃い"}, "ja")
    path = f"/customers/{customer['id']}"
    changed = (await owner.put(path, json={"phone": None, "given_name": None, "tags": []})).json()["data"]
    assert (changed["phone"], changed["given_name"], changed["tags"]) == (None, "", [])
    assert changed["email"] == "Hanako@Example.jp"
    assert (await owner.get(path)).json()["data"] == changed
    assert (await owner.delete(path)).status_code == 200
    for gone in (await owner.get(path), await owner.put(path, json={"tags": []}), await owner.delete(path)):
        assert error_of(gone) == (404, "not_found")


async def test_customer_fields_are_checked(owner: Person, pool: Pool, clock: Clock) -> None:
    salon = await open_salon(pool, owner)
    tomorrow = (clock.now() + timedelta(days=1)).date()
    for wrong, rule in (
        ({"family_name_kana": "yamada"}, "kana"),
        ({"phone": "0000"}, "phone"),
        ({"birthday": tomorrow.isoformat()}, "past"),
        ({"birthday": date(1899, 12, 31).isoformat()}, "year"),
    ):
        answer = await owner.post("/customers", json=body_of(salon, **wrong))
        assert error_of(answer)[0] == 422
        assert rules_of(answer) == {(next(iter(wrong)), rule)}
    assert error_of(await owner.get("/customers", params={"business_id": str(salon.id), "q": "・"}))[0] == 422


async def test_list_customers_is_paged_and_searched_in_two_statements(
    owner: Person, pool: Pool, statements: Statements
) -> None:
    salon = await open_salon(pool, owner)
    ids = [(await made(owner, salon, given_name=f"{number}子"))["id"] for number in "一二三"]
    asked = {"business_id": str(salon.id), "q": "ﾔﾏﾀﾞ", "limit": 2}
    assert (await owner.get("/customers", params=asked)).json()["data"] == []
    statements.clear()
    first = (await owner.get("/customers", params={**asked, "q": "山田"})).json()
    assert len(statements) == 2  # the transaction's own, and the search
    assert [row["id"] for row in first["data"]] == ids[:0:-1]
    second = await owner.get("/customers", params={**asked, "q": "山田", "cursor": first["meta"]["next_cursor"]})
    assert [row["id"] for row in second.json()["data"]] == ids[:1]


async def test_customers_are_their_business_s_alone(
    owner: Person, other_owner: Person, customer: Person, log_in: Login, pool: Pool
) -> None:
    salon, _ = await open_salon(pool, owner), await open_salon(pool, other_owner)
    made_one = await made(owner, salon)
    path = f"/customers/{made_one['id']}"
    for other in (other_owner, customer):
        assert error_of(await other.get(path)) == (404, "not_found")
        assert error_of(await other.get("/customers", params={"business_id": str(salon.id)})) == (404, "not_found")
    assistant, staff = await log_in(), await log_in()
    await data.add_staff(pool, salon.id, assistant.id, role="assistant")
    await data.add_staff(pool, salon.id, staff.id, role="staff")
    assert (await assistant.get(path)).status_code == 200
    assert error_of(await assistant.put(path, json={"tags": []})) == (403, "forbidden")
    assert error_of(await assistant.post("/customers", json=body_of(salon))) == (403, "forbidden")
    assert (await staff.put(path, json={"tags": ["新規"]})).json()["data"]["tags"] == ["新規"]


async def test_customers_are_sorted_by_kana_page_by_page(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    for family, given in (("わたなべ", "あい"), ("あべ", "ゆう"), ("アベ", "ﾏｺﾄ"), ("かとう", None)):
        await made(owner, salon, family_name_kana=family, given_name_kana=given, tags=["VIP"] if given else [])
    await made(owner, salon, family_name="無")
    asked: dict[str, Any] = {"business_id": str(salon.id), "order": "kana", "limit": 2}
    found: list[str] = []
    while True:
        page = (await owner.get("/customers", params=asked)).json()
        found += [f"{one['family_name_kana']} {one['given_name_kana']}" for one in page["data"]]
        if page["meta"]["next_cursor"] is None:
            break
        asked["cursor"] = page["meta"]["next_cursor"]
    assert found == ["アベ マコト", "アベ ユウ", "カトウ None", "ワタナベ アイ", "None None"]
    tagged = {"business_id": str(salon.id), "order": "kana", "tag": "VIP"}
    assert len((await owner.get("/customers", params=tagged)).json()["data"]) == 3
    searched = await owner.get("/customers", params={**tagged, "q": "あべ"})
    assert rules_of(searched) == {("order", "no_order_with_search")}


async def test_login_of_a_customer_is_removed_by_those_who_may_write(
    owner: Person, other_owner: Person, customer: Person, log_in: Login, pool: Pool
) -> None:
    salon = await open_salon(pool, owner)
    linked = await data.add_customer(pool, salon.id, user_id=customer.id)
    assistant = await log_in()
    await data.add_staff(pool, salon.id, assistant.id, role="assistant")
    path = f"/customers/{linked}/login"
    assert error_of(await assistant.http.delete(f"/api/v1{path}")) == (403, "forbidden")
    assert error_of(await other_owner.http.delete(f"/api/v1{path}")) == (404, "not_found")
    for _ in range(2):
        assert (await owner.delete(path)).json()["data"]["has_login"] is False

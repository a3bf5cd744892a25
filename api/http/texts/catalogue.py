"""Sentences about services and policies: error codes, rules and states."""

from api.http.texts.text import Meaning, Text, Texts

TEXTS = Texts(
    meanings={
        "legal_notice_required": Meaning(
            422,
            "オンライン決済を受け付けるには、「特定商取引法に基づく表記」の登録が必要です。店舗情報から登録してください。",
            "To take online payments, please first add your legal notice (Act on Specified Commercial Transactions)"
            " to the business profile.",
        ),
    },
    by_cause={
        ("conflict", "services"): Text(
            "このキャンセル規定を使っているメニューがあります。先にメニューの設定を変更してください。",
            "Some services still use this policy. Please change them first.",
        ),
    },
    rules={
        "not_a_table": Text("席数が設定された席を選んでください。", "Choose tables, which are resources with seats."),
        "more_tables_than_there_are": Text(
            "登録されている席の数より多く選ばれています。", "There are not so many of these tables."
        ),
        "make_another_the_default": Text(
            "先に、別のキャンセル規定を標準に設定してください。", "Please make another policy the default first."
        ),
        "hours_descend": Text("早い期限から順に入力してください。", "Enter the earliest deadline first."),
        "zero_to_hundred": Text("0〜100で入力してください。", "Enter 0 to 100."),
        "one_to_730": Text("1〜730で入力してください。", "Enter 1 to 730."),
        "zero_to_one_year": Text(
            "開始の0時間前から1年前の間で入力してください。", "Enter from 0 hours to one year before the start."
        ),
        "positive_for_online_payment": Text(
            "オンライン決済のメニューは1円以上にしてください。", "Online payment needs a price above zero."
        ),
        "deposit_for_a_deposit": Text("予約金の割合か金額を入力してください。", "Set a deposit."),
        "percent_or_amount": Text(
            "割合と金額のどちらか一方を入力してください。", "Set either a percentage or an amount."
        ),
        "at_most_price": Text("予約金は料金以下にしてください。", "The deposit must not exceed the price."),
        "not_below_party_min": Text(
            "最大人数は最小人数以上にしてください。", "The largest group must not be below the smallest."
        ),
        "at_least_the_places_of_its_classes": Text(
            "この部屋を使うクラスの定員と人数が入りきりません。先にクラスの設定を変更してください。",
            "The classes held here need more places. Please change the classes first.",
        ),
        "at_most_capacity": Text(
            "最大人数は定員以下にしてください。", "The largest group must fit into the places of the class."
        ),
        "less_than_the_provider_takes": Text(
            "オンライン決済できる最低額を下回っています。", "This is less than the payment company takes."
        ),
        "fee_less_than_the_provider_takes": Text(
            "カードのご利用枠から受け取れる最低額を下回るキャンセル料になります。割合か料金を上げるか、0%にしてください。",
            "This fee is less than the payment company takes from a card hold."
            " Raise the percentage or the price, or set it to 0%.",
        ),
        "more_than_the_provider_takes": Text(
            "オンライン決済できる上限額を超えています。", "This is more than the payment company takes."
        ),
        "unknown_resource": Text(
            "選択した項目が見つかりません。画面を読み込み直してください。",
            "This choice no longer exists. Please reload the page.",
        ),
        "needed_to_be_active": Text(
            "予約を受け付けるには、スタッフ、部屋、設備のいずれかを選んでください。",
            "To be booked it needs staff, a room or equipment. Please choose at least one.",
        ),
        "no_active_resource": Text(
            "予約を受けられるスタッフや設備がありません。", "No staff, room or equipment can take bookings for it."
        ),
        "needed_for_words_and_order": Text(
            "検索や並べ替えには、店舗の指定が必要です。", "Choose a business before you search or sort."
        ),
        "known_tax_rate": Text("税率は10%、8%、0%から選んでください。", "Choose a tax rate of 10%, 8% or 0%."),
    },
)

"""The sentences of the rule words, in Japanese and English. They stand beside a field of a form, or in place of the
sentence of the code where a rule of the business is broken."""

from collections.abc import Mapping

from api.http.error_texts import Text

#: About a booking, a payment or a setting as a whole.
_WHOLE: Mapping[str, Text] = {
    "already_started": Text(
        "ご予約の開始時刻を過ぎているため、オンラインでは変更・キャンセルできません。お店にお電話ください。",
        "The booking has already started, so it can no longer be changed or cancelled online."
        " Please call the business.",
    ),
    "too_early": Text("チェックインは、予約時刻の2時間前からできます。", "Check-in opens two hours before the start."),
    "not_started": Text("予約時刻を過ぎてから記録してください。", "A no-show can be recorded only after the start."),
    "too_late_to_move": Text(
        "オンラインでの日時変更の期限を過ぎています。お店にお電話ください。",
        "The time to change this booking online has passed. Please call the business.",
    ),
    "too_many_moves": Text(
        "このご予約の日時は、これ以上オンラインで変更できません。お店にお電話ください。",
        "This booking cannot be moved online any more. Please call the business.",
    ),
    "paid_tier": Text(
        "キャンセル料がかかる期間のため、オンラインでは日時を変更できません。お店にお電話ください。",
        "Cancelling would now cost a fee, so the booking cannot be moved online. Please call the business.",
    ),
    "nothing_due": Text("オンラインでのお支払いは必要ありません。", "There is nothing to pay online."),
    "provider_refused": Text(
        "決済会社で処理できませんでした。別のカードをお試しください。",
        "The payment company could not process this. Please try another card.",
    ),
    **dict.fromkeys(
        ("open_intent_first", "one_intent", "amount_mismatch"),
        Text(
            "お支払いの内容が変わりました。予約の画面からもう一度お手続きください。",
            "The payment has changed. Please start again from your booking.",
        ),
    ),
    "make_another_the_default": Text(
        "先に、別のキャンセル規定を標準に設定してください。", "Please make another policy the default first."
    ),
    "rollout_under_way": Text(
        "段階公開が進行中です。先に終了してください。", "A rollout is in progress. Please end it first."
    ),
    "no_resources": Text(
        "担当スタッフや設備が登録されていないメニューです。", "No staff, room or equipment is set for this service."
    ),
    "no_guest_booking": Text("ご予約にはログインが必要です。", "Please log in to book here."),
    "email_needed": Text(
        "確認のメールをお送りしますので、メールアドレスを入力してください。",
        "Please enter an e-mail address; we send a link there to confirm the booking.",
    ),
    "not_working": Text(
        "このスタッフは、その時間は勤務していません。", "This staff member is not working at that time."
    ),
    "too_many_media": Text(
        "写真・動画の登録数が上限に達しました。不要なものを削除すると、30日後からまた登録できます。",
        "You have reached the limit of pictures and films. Thirty days after you remove some, you can add more.",
    ),
    "too_many_documents": Text(
        "提出できる書類の数が上限に達しました。サポートまでお問い合わせください。",
        "You have reached the limit of documents. Please contact support.",
    ),
    "sold_by_place": Text(
        "人数の変更は、お店にお問い合わせください。", "To change the number of people, please contact the business."
    ),
    "wrong_password": Text("現在のパスワードが正しくありません。", "The current password is not correct."),
    "not_the_current_password": Text(
        "現在と異なるパスワードを設定してください。", "Please choose a password that differs from the current one."
    ),
}

#: About one field of a form.
_FIELDS: Mapping[str, Text] = {
    "at_least_8_characters": Text("8文字以上で入力してください。", "Use at least 8 characters."),
    "upper_case_letter": Text("英大文字を1文字以上含めてください。", "Add an upper-case letter."),
    "lower_case_letter": Text("英小文字を1文字以上含めてください。", "Add a lower-case letter."),
    "digit": Text("数字を1文字以上含めてください。", "Add a digit."),
    "symbol": Text("記号を1文字以上含めてください。", "Add a symbol."),
    "not_the_email": Text("メールアドレスと同じものは使えません。", "It must not be your e-mail address."),
    "email": Text("メールアドレスの形式が正しくありません。", "Please enter a valid e-mail address."),
    "phone": Text(
        "電話番号の形式が正しくありません（例：03-1234-5678）。",
        "Please enter a valid phone number (e.g. 03-1234-5678).",
    ),
    "website": Text("URLは https:// から入力してください。", "Please enter a web address (https://…)."),
    "return_url_origin": Text(
        "お支払い後に戻るページのURLは、予約サイトまたはお店のウェブサイトのものを指定してください。",
        "The page to return to after payment must belong to the booking site or to the website of the business.",
    ),
    "seven_digits": Text("郵便番号は7桁で入力してください。", "Please enter a postal code of seven digits."),
    "prefecture": Text("都道府県を選んでください。", "Please choose a prefecture."),
    "t_and_thirteen_digits": Text("登録番号は「T」と13桁の数字です。", 'The registration number is "T" and 13 digits.'),
    "check_digit": Text(
        "登録番号に誤りがあります。もう一度ご確認ください。", "This number is not valid. Please check it."
    ),
    "not_before_first_day": Text("終了日は開始日以降にしてください。", "The last day must not be before the first."),
    "not_before_from": Text("終了日は開始日以降にしてください。", "The last day must not be before the first."),
    "at_most_366_days": Text("1年以内で指定してください。", "At most one year is possible."),
    "at_most_31_days": Text("31日以内で指定してください。", "At most 31 days are possible."),
    "at_most_one_day": Text("24時間以内で指定してください。", "At most 24 hours are possible."),
    "one_minute_to_one_day": Text("1分から24時間の間で指定してください。", "Choose from one minute to 24 hours."),
    "after_start": Text("終了は開始より後にしてください。", "The end must be after the start."),
    "within_day": Text("開始は24:00より前にしてください。", "It must start before midnight."),
    "within_two_days": Text("終了は翌日の24:00までにしてください。", "It must end by midnight of the next day."),
    "iana_zone": Text("タイムゾーンを選んでください。", "Please choose a time zone."),
    "seven": Text("7日分を入力してください。", "Please enter all seven days."),
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
    "percent_or_amount": Text("割合と金額のどちらか一方を入力してください。", "Set either a percentage or an amount."),
    "at_most_price": Text("予約金は料金以下にしてください。", "The deposit must not exceed the price."),
    "not_below_party_min": Text(
        "最大人数は最小人数以上にしてください。", "The largest group must not be below the smallest."
    ),
    "at_most_capacity": Text(
        "最大人数は定員以下にしてください。", "The largest group must fit into the places of the class."
    ),
    "at_most_the_units_of_its_resources": Text(
        "定員は、部屋や設備の席数の合計以下にしてください。",
        "The places must not exceed the seats of all its rooms together.",
    ),
    "at_most_the_units_of_one_resource": Text(
        "最小人数は、1つの部屋の席数以下にしてください。", "The smallest group must fit into one of the rooms."
    ),
    "no_holidays_known_in_this_time_zone": Text(
        "このタイムゾーンの祝日は登録されていません。祝日の営業時間は設定せず、臨時営業日・休業日をご利用ください。",
        "Public holidays are not known in this time zone. Leave this empty and use single days instead.",
    ),
    "less_than_the_provider_takes": Text(
        "オンライン決済できる最低額を下回っています。", "This is less than the payment company takes."
    ),
    "more_than_the_provider_takes": Text(
        "オンライン決済できる上限額を超えています。", "This is more than the payment company takes."
    ),
    "reserved": Text(
        "このURLは使用できません。別のものをお選びください。", "This address is reserved. Please choose another one."
    ),
    **dict.fromkeys(
        ("unknown", "unknown_resource", "unknown_service", "unknown_media"),
        Text(
            "選択した項目が見つかりません。画面を読み込み直してください。",
            "This choice no longer exists. Please reload the page.",
        ),
    ),
    "not_staff": Text("スタッフを選んでください。", "Please choose a staff member."),
    "does_not_perform_it": Text(
        "このメニューを担当していないスタッフです。", "This person does not perform the service."
    ),
    "unknown_or_taken": Text("ほかの方にひも付いています。", "Already linked to someone else."),
    "not_bookable": Text("予約を受け付けていない項目です。", "This cannot be booked."),
    "needed_to_be_active": Text("公開するには、この項目が必要です。", "This is needed before it can be public."),
    "no_active_resource": Text(
        "予約を受けられるスタッフや設備がありません。", "No staff, room or equipment can take bookings for it."
    ),
    "needed_for_words_and_order": Text(
        "検索や並べ替えには、店舗の指定が必要です。", "Choose a business before you search or sort."
    ),
    "not_with_guest": Text(
        "お客様の情報は、どちらか一方を指定してください。", "Give the details of the customer only once."
    ),
    "exactly_one": Text("どれか1つを指定してください。", "Choose exactly one."),
    "with_the_other": Text("もう一方もあわせて指定してください。", "Give the other one as well."),
    "distance_with_a_point": Text("距離で並べるには、場所を指定してください。", "Choose a place to sort by distance."),
    "relevance_with_q": Text("関連度で並べるには、検索語を入力してください。", "Enter words to sort by relevance."),
    "at_most_five_words": Text("検索語は5つまでです。", "Use at most five words."),
    "three_to_sixty_of_a_z_0_9_hyphen": Text(
        "半角英小文字・数字・ハイフンで、3〜60文字で入力してください。",
        "Use 3 to 60 lower-case letters, digits and hyphens.",
    ),
    "provider_not_offered": Text(
        "この決済サービスは現在ご利用いただけません。", "This payment service is not available at the moment."
    ),
    "changed_since_seen": Text(
        "ご確認後に内容が変更されました。もう一度ご確認ください。",
        "It has changed since you looked at it. Look at it again.",
    ),
    "another_type": Text("ファイルの種類と内容が異なります。", "The file is of another type than it says."),
    "another_ending": Text(
        "ファイル名の拡張子と内容が異なります。", "The ending of the file's name does not fit its type."
    ),
    "too_far": Text("この日付は指定できません。", "This date is not possible."),
    "one_to_five": Text("1〜5個で指定してください。", "Choose one to five."),
    "positive": Text("0より大きい値を入力してください。", "Enter more than zero."),
    "not_empty": Text("1つ以上指定してください。", "Choose at least one."),
    "each_once": Text("同じものは1回だけ指定してください。", "Choose each of them once."),
    "unique": Text("同じものは1回だけ指定してください。", "Choose each of them once."),
    "at_most_one": Text("1つまで指定できます。", "Choose at most one."),
    "eight_or_ten": Text("税率は8%か10%を選んでください。", "Choose a tax rate of 8% or 10%."),
    "ja_or_en": Text("日本語か英語を入力してください。", "Please write it in Japanese or English."),
    "not_null": Text("この項目は空にできません。", "This cannot be empty."),
    "invisible": Text("文字を入力してください。", "Please enter a name that can be read."),
    "link": Text("URLは入力できません。", "Please enter a name without a web address."),
    "one_line": Text("改行は使えません。", "Use one line only."),
    "control_characters": Text("使えない文字が含まれています。", "It has characters that cannot be used."),
    "rfc3339_with_offset": Text("日時の形式が正しくありません。", "Please enter a valid date and time."),
    "date": Text("日付の形式が正しくありません。", "Please enter a valid date."),
    "year": Text("この年は指定できません。", "This year is not possible."),
    "required": Text("入力してください。", "Please fill this in."),
    "empty": Text("ファイルが空です。", "The file is empty."),
    "no_file": Text("ファイルを選んでください。", "Please choose a file."),
    "one_file": Text("ファイルは1つだけ選んでください。", "Please choose one file only."),
    "at_least_one_not_negative": Text("0以上の値を1つ以上入力してください。", "Enter at least one value from zero."),
    "must_grow_to_at_most_100_percent": Text(
        "割合は100%以内で、順に大きくしてください。", "The shares must grow, up to 100%."
    ),
    "watched_for_1_minute_to_30_days": Text(
        "1分から30日の間で指定してください。", "Choose from one minute to 30 days."
    ),
    "1_to_20": Text("1〜20個で指定してください。", "Choose 1 to 20."),
    "extra_forbidden": Text("使えない項目が含まれています。", "This entry is not known."),
}

#: About a request that a program has put together; `malformed` alone has them.
_REQUEST = Text(
    "送信内容を読み取れませんでした。画面を読み込み直して、もう一度お試しください。",
    "We could not read the request. Please reload the page and try again.",
)
_UNREADABLE = (
    *("depth", "json", "duplicate_key", "number", "characters", "cut_off", "form", "shape", "whole_numbers"),
    *("cursor", "printable_1_to_255", "at_most_100"),
)

#: The checks of Pydantic that inputs meet most; the values are in the check itself.
_PYDANTIC: Mapping[str, Text] = {
    "missing": Text("入力してください。", "Please fill this in."),
    "string_too_long": Text("{max_length}文字以内で入力してください。", "Use at most {max_length} characters."),
    "string_too_short": Text("{min_length}文字以上で入力してください。", "Use at least {min_length} characters."),
    "too_long": Text("{max_length}件以内で指定してください。", "Choose at most {max_length}."),
    "too_short": Text("{min_length}件以上で指定してください。", "Choose at least {min_length}."),
    "greater_than": Text("{gt}より大きい値を入力してください。", "Enter more than {gt}."),
    "greater_than_equal": Text("{ge}以上の値を入力してください。", "Enter {ge} or more."),
    "less_than": Text("{lt}より小さい値を入力してください。", "Enter less than {lt}."),
    "less_than_equal": Text("{le}以下の値を入力してください。", "Enter {le} or less."),
    "literal_error": Text("選択肢から選んでください。", "Please choose one of the options."),
    "enum": Text("選択肢から選んでください。", "Please choose one of the options."),
}

#: What is said of a check that has no words of its own: a wrong type or form.
ANY_FIELD = Text("入力の形式が正しくありません。", "Please check this entry.")

RULES: Mapping[str, Text] = {**dict.fromkeys(_UNREADABLE, _REQUEST), **_PYDANTIC, **_FIELDS, **_WHOLE}

"""Sentences about businesses: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    by_cause={
        ("already_exists", "slug"): Text(
            "このURLは使われています。別の文字列を入力してください。",
            "This address is taken. Please choose another one.",
        ),
    },
    rules={
        "seven_digits": Text("郵便番号は7桁で入力してください。", "Please enter a postal code of seven digits."),
        "prefecture": Text("都道府県を選んでください。", "Please choose a prefecture."),
        "t_and_thirteen_digits": Text(
            "登録番号は「T」と13桁の数字です。", 'The registration number is "T" and 13 digits.'
        ),
        "check_digit": Text(
            "登録番号に誤りがあります。もう一度ご確認ください。", "This number is not valid. Please check it."
        ),
        "reserved": Text(
            "このURLは使用できません。別のものをお選びください。",
            "This address is reserved. Please choose another one.",
        ),
        "with_the_other": Text("もう一方もあわせて指定してください。", "Give the other one as well."),
        "distance_with_a_point": Text(
            "距離で並べるには、場所を指定してください。", "Choose a place to sort by distance."
        ),
        "relevance_with_q": Text("関連度で並べるには、検索語を入力してください。", "Enter words to sort by relevance."),
        "at_most_five_words": Text("検索語は5つまでです。", "Use at most five words."),
        "three_to_sixty_of_a_z_0_9_hyphen": Text(
            "半角英小文字・数字・ハイフンで、3〜60文字で入力してください。",
            "Use 3 to 60 lower-case letters, digits and hyphens.",
        ),
        "konbini_no_provider": Text(
            "コンビニ払いは、Stripeで日本円の料金を受け取る店舗でご利用いただけます。"
            "先にコンビニ払いをオフにするか、決済サービスを変更してください。",
            "Payment at convenience stores needs Stripe and prices in yen. Please switch it off, or change the payment "
            "service.",
        ),
        "konbini_no_service": Text(
            "オンライン決済の金額が120円から30万円までのメニューがないため、コンビニ払いをオンにできません。",
            "No service asks for an online payment between ¥120 and ¥300,000, so payment at convenience stores cannot "
            "be switched on.",
        ),
        "provider_not_offered": Text(
            "この決済サービスは現在ご利用いただけません。", "This payment service is not available at the moment."
        ),
    },
    states={
        "draft": Text("下書き", "draft"),
        "suspended": Text("停止中", "suspended"),
    },
)

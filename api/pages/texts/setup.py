"""Sentences of importing customers, and of the messages that a business words itself."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "import_title": Text("お客様をファイルから登録", "Customers from a file"),
    "import_say": Text(
        "ほかの予約システムや表計算ソフトから書き出したCSVファイルを読み込みます。登録の前に内容を確認できます。",
        "Reads a CSV file of another booking system or spreadsheet. You see how it is read before anything is saved.",
    ),
    "import_file": Text("CSVファイル", "CSV file"),
    "import_hint": Text(
        "1行目は列の名前にしてください。5MB、2万行まで。文字コードはUTF-8、UTF-16、Shift_JIS。",
        "The first line has the names of the columns. At most 5 MB and 20,000 rows, in UTF-8, UTF-16 or Shift_JIS.",
    ),
    "import_check": Text("読み取り結果を確認する", "Check how it is read"),
    "import_other": Text("別のファイルを選ぶ", "Choose another file"),
    "import_found": Text(
        "{rows}行を読み取りました。まだ登録していません。", "{rows} rows were read. Nothing is saved yet."
    ),
    "import_columns": Text("列の内容", "What the columns are"),
    "import_nameless": Text("名前のない列", "Column without a name"),
    "import_again": Text("列の内容を変えて確認する", "Check again with these columns"),
    "import_do": Text("{rows}行を登録する", "Import {rows} rows"),
    "import_preview": Text("先頭の{n}行", "The first {n} rows"),
    "import_line": Text("行", "Line"),
    "import_line_n": Text("{n}行目", "Line {n}"),
    "import_contact": Text("連絡先", "Contact"),
    "import_more": Text("そのほか", "More"),
    "import_left_out": Text("{field}を読み取れないため、空欄になります。", "{field} cannot be read and stays empty."),
    "import_report": Text("登録の結果", "Result of the import"),
    "import_running": Text(
        "登録しています。しばらくしてから、もう一度ご確認ください。",
        "The customers are being saved. Please look again in a moment.",
    ),
    "import_reload": Text("最新の状況を見る", "See how far it is now"),
    "import_done": Text("登録が完了しました。", "The import is complete."),
    "import_rows": Text("行", "Rows"),
    "import_row_waiting": Text("処理待ち", "Waiting"),
    "import_row_taken": Text("新しく登録", "New customers"),
    "import_row_known": Text("登録済み", "Known already"),
    "import_row_refused": Text("登録できず", "Not imported"),
    "import_no_rows": Text("該当する行はありません。", "There are no such rows."),
    "import_open": Text("お客様を開く", "Open the customer"),
    "import_reason_no_name": Text("名前がありません。", "There is no name."),
    "import_reason_columns": Text("列の数が1行目と違います。", "It has another number of columns than the first line."),
    "import_reason_quotes": Text('引用符（"）が閉じていません。', "A quotation mark is not closed."),
    "import_reason_not_stored": Text("保存できない文字があります。", "It has characters that cannot be saved."),
    "import_field_name": Text("氏名", "Full name"),
    "import_field_family_name": Text("姓", "Family name"),
    "import_field_given_name": Text("名", "Given name"),
    "import_field_kana": Text("氏名（かな）", "Full name (kana)"),
    "import_field_family_name_kana": Text("姓（かな）", "Family name (kana)"),
    "import_field_given_name_kana": Text("名（かな）", "Given name (kana)"),
    "import_field_phone": Text("電話番号", "Phone number"),
    "import_field_email": Text("メールアドレス", "E-mail address"),
    "import_field_birthday": Text("生年月日", "Date of birth"),
    "import_field_language": Text("言語", "Language"),
    "import_field_tags": Text("タグ", "Tags"),
    "import_field_note": Text("メモ", "Note"),
    "import_field_preference": Text("お好み", "Preference"),
    "import_field_ignore": Text("登録しない", "Leave out"),
    "records_texts": Text("お知らせの文面", "Wording of messages"),
    "about_texts": Text("予約確定などのメールを自店の言葉に", "Confirmations and reminders in your own words"),
    "texts_say": Text(
        "お客様へのお知らせを、言語ごとに書き換えられます。予約番号や日時、キャンセル規定は、どの文面でも必ず入ります。",
        "You can word the messages to customers yourself, in each language. Booking number, time and cancellation "
        "policy are in every message.",
    ),
    "text_own": Text("自店の文面", "Your own words"),
    "text_standard": Text("標準の文面", "Standard words"),
    "text_subject": Text("件名", "Subject"),
    "text_subject_hint": Text(
        "短く、はじめに日時を書くと伝わりやすくなります。", "Keep it short, with the date first."
    ),
    "text_must_name": Text("必ず入れるもの：{names}", "It must contain: {names}"),
    "text_and": Text("、", ", "),
    "text_body": Text("本文", "Text"),
    "text_body_hint": Text(
        "空行で段落を分けます。{{{{ standard }}}} の位置に標準の本文が入ります。",
        "Empty lines divide paragraphs. The standard text appears in place of {{{{ standard }}}}.",
    ),
    "text_variables": Text("文面に入れられる項目", "What you can insert"),
    "text_check": Text("内容を確認する", "Check the text"),
    "text_message": Text("メールの見た目（新しいタブ）", "See the e-mail (new tab)"),
    "text_preview": Text("プレビュー", "Preview"),
    "text_example": Text(
        "見本の予約を使っています。まだ保存していません。", "With an example booking. It is not saved yet."
    ),
    "text_reset": Text("標準の文面に戻す", "Back to the standard words"),
    "text_reset_say": Text(
        "自店の文面を削除します。これから送るお知らせは標準の文面になります。",
        "Your words are deleted. Messages from now on have the standard ones.",
    ),
    "text_versions": Text("変更の履歴", "Earlier versions"),
    "variable_business": Text("店舗の名前", "Name of the business"),
    "variable_customer": Text("お客様の名前", "Name of the customer"),
    "variable_service": Text("メニュー", "Service"),
    "variable_staff": Text("担当", "Staff member"),
    "variable_start": Text("日時（年から）", "Date and time with the year"),
    "variable_short": Text("日時（短い形）", "Date and time, short"),
    "variable_price": Text("料金", "Price"),
    "variable_standard": Text("標準の本文", "The standard text"),
    "variable_fee_now": Text("いまキャンセルした場合のキャンセル料", "Cancellation fee at the time of sending"),
    "variable_free_until": Text("無料でキャンセルできる期限", "Until when cancelling is free"),
    "variable_old_start": Text("変更前の日時", "Date and time before the change"),
}

# Japanese in its charsets: words cut anywhere, one character, half-width kana, mislabelled bytes.
. tests/it/search/lib.sh
command -v iconv > "$tmp/out" || skip_all 'no iconv'
text='京都大学から東京都庁へのご案内です。カタカナも。'
body() { printf '%s' "$text" | iconv -f UTF-8 -t "$1" > "$tmp/body"; }
jp() { # NAME CHARSET LABEL
	body "$2"
	{
		printf 'Received: from a by b; %s Mar 2026 10:00:00 +0000\nFrom: a@b.example\n' "$4"
		printf 'Subject: %s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=%s\n\n' "$1" "$3"
		cat "$tmp/body"
		echo
	} > "$tmp/in/$1.eml"
}
jp jis ISO-2022-JP iso-2022-jp 1
jp sjis SHIFT_JIS shift_jis 2
jp euc EUC-JP euc-jp 3
jp utf8 UTF-8 utf-8 4
jp wrong SHIFT_JIS us-ascii 5
mail encoded '6 Mar 2026 10:00:00' '=?iso-2022-jp?B?GyRCRWw1fkVUIUMbKEI=?=' 'nothing'
import
index
all='wrong
utf8
euc
sjis
jis'
# shellcheck disable=SC2086 # one a line
finds '東京都庁' $all
# shellcheck disable=SC2086
finds '京都大学' $all
# shellcheck disable=SC2086
finds '学から東' $all
# shellcheck disable=SC2086
finds '庁' $all
# shellcheck disable=SC2086
finds 'ｶﾀｶﾅ' $all
# shellcheck disable=SC2086
finds '京都大学　東京都庁' $all
finds '大阪'
finds '都東'
finds '京都庁都'
md_search --plain $D 'subject:東京' > "$tmp/out" 2> "$tmp/err"
is "$(cat "$tmp/out")" 2026-03/6 'an encoded subject'
finish

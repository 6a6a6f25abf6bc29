# Sourced by tests/it/traffic/report*.sh: mailtraffic on the database $db. The reports of a month are those of the golden files; traffic
# months close on a sign-up day; the current day stays out. GOLDEN=write writes the files instead.
# shellcheck shell=sh
golden=tests/it/traffic/golden
TZ=Europe/Vienna
export TZ
mkdir "$tmp/in"
# day DD.MM.YYYY.KIND LINES...
day() {
	f=$tmp/in/$1
	shift
	printf '%s\n' "$@" > "$f"
}
day 27.02.2025.qml.txt '|example.com|1|1|0|'
day 28.02.2025.qml.txt '|example.com|2048|12|0|' '|shop.example|100|3|0|'
day 01.03.2025.qml.txt '|example.com|1024|7|0|' '|<b>&"x",y.example|3|1|0|'
day 01.03.2025.txt '|example.com|5000|90|40|'
day 30.03.2025.qml.txt '|example.com|10|1|0|' '|b'"$(printf '\303\274')"'cher.example|999999|55|0|'
day 31.03.2025.qml.txt '|example.com|7|1|0|'
TrafficLoader --db "$db" --server mx1 "$tmp/in" || exit 2
day 28.02.2025.qml.txt '|example.com|52|1|0|'
rm -rf "$tmp/in/loaded"
TrafficLoader --db "$db" --server mx2 "$tmp/in" || exit 2
t() { printf '%s\n' "Mar  1 00:00:00 mx1 $1[7]: $2" >> "$tmp/stats"; }
# local days: 2025-02-28 begins at 1740697200, summer time on 2025-03-30 at 1743296400
t in '1740697199|a@peer.example|u@example.com|9999|success'
t in '1740697200|a@peer.example|u@example.com|4096|success|1'
t in '1740740400|a@peer.example|u@EXAMPLE.com|1024|rejspam|1'
t out '1743296400|u@shop.example|a@peer.example|2048|partial'
t out '1743296401|pop3@u@example.com|192.0.2.1|70000|success'
t out '1743296402|imap@<i>@example.com|192.0.2.1|100|success'
echo 'no line' >> "$tmp/stats"

# report NAME ARGUMENTS...
report() {
	name=$1
	shift
	exits 0 "$name" mailtraffic --db "$db" "$@"
	if [ "${GOLDEN:-}" = write ]; then cp "$tmp/out" "$golden/$name"; fi
	cmp "$tmp/out" "$golden/$name" > "$tmp/cmp" 2>&1
	rc=$?
	[ $rc = 0 ] || diff "$golden/$name" "$tmp/out" | head -n 20 | sed 's/^/# /'
	ok $rc "$name: as the golden file"
}
report month.txt --month 2025-03
report billing.txt --month 2025-02 --billing-day 31
report domain.txt --month 2025-02 --billing-day 31 Example.COM
report all.txt --month 2025-03 --kind all
report month.csv --month 2025-03 --kind all --csv
report month.json --month 2025-02 --billing-day 31 --kind all --json --stats "$tmp/stats"
report domain.json --month 2025-02 --billing-day 31 --json --stats "$tmp/stats" example.com
report month.html --month 2025-02 --billing-day 31 --html - --stats "$tmp/stats" --top 2
report all.html --month 2025-03 --kind all --html -
gzip -k "$tmp/stats"
mailtraffic --db "$db" --month 2025-02 --billing-day 31 --kind all --json --stats "$tmp/stats.gz" | cmp -s - "$golden/month.json"
ok $? 'a packed stats file gives the same'
mailtraffic --db "$db" --month 2025-02 --billing-day 31 --kind all --json --stats - < "$tmp/stats" | cmp -s - "$golden/month.json"
ok $? 'and standard input'
head -c 60 "$tmp/stats.gz" > "$tmp/cut.gz"
exits 2 'a packed file that was cut off is not taken for a whole one' mailtraffic --db "$db" --month 2025-03 --json --stats "$tmp/cut.gz"
exits 0 'a file' mailtraffic --db "$db" --month 2025-03 --html "$tmp/page.html"
is "$(cat "$tmp/out")$(tail -n 1 "$tmp/page.html")" '</body></html>' 'is written whole, and nothing else'
python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$golden/month.json"
ok $? 'JSON is JSON'

# The current day is left out unless it is asked for.
rm -rf "$tmp/in" && mkdir "$tmp/in"
today=$(date +%d.%m.%Y)
yesterday=$(date -d 'yesterday 12:00' +%d.%m.%Y)
printf '|now.example|5|1|0|\n' > "$tmp/in/$today.qml.txt"
printf '|now.example|70|1|0|\n' > "$tmp/in/$yesterday.qml.txt"
TrafficLoader --db "$db" "$tmp/in" || exit 2
total() { mailtraffic --db "$db" --csv now.example "$@" | awk -F, 'NR > 1 { n += $4 } END { print n + 0 }'; }
is "$(total)" 70 'yesterday counts, today does not'
# with yesterday as sign-up day both are in one traffic month, whatever the date
is "$(total --today --billing-day "$(date -d 'yesterday 12:00' +%-d)")" 75 'with --today it does'
exits 1 'no such domain: exit 1' mailtraffic --db "$db" nowhere.example
exits 1 'a month without traffic: exit 1' mailtraffic --db "$db" --month 1999-12
exits 1 'a month to come' mailtraffic --db "$db" --month 2400-12

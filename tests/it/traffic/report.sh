# mailtraffic with a file of SQLite, and what it refuses.
. tests/it/lib.sh
db=$tmp/t.sqlite
. tests/it/traffic/lib-report.sh
exits 2 'no database' mailtraffic --db "$tmp/none"
sqlite3 "$tmp/empty.sqlite" 'CREATE TABLE x(a)'
exits 2 'one without the tables' mailtraffic --db "$tmp/empty.sqlite"
for words in '--month 2025-13' '--month 25' '--billing-day 0' '--billing-day 32' '--top 0' '--kind mial' '--csv --json' "--csv --stats $tmp/stats" 'a b'; do
	# shellcheck disable=SC2086 # several
	exits 2 "refused: ${words%/*}" mailtraffic --db "$db" $words
done
finish

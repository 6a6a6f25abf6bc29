# lib/db on a real PostgreSQL server: all that holds for SQLite holds for it, and passwords come from libpq's own files.
. tests/it/lib.sh
. tests/it/traffic/lib-pg.sh
pg_start

QA_TEST_PG=$pg_uri "$BUILD/lib/db/test-db" > "$tmp/out" 2> "$tmp/err"
ok $? "the unit test of lib/db, on the server too ($(grep -c ^ok "$tmp/out") checks)"
grep -v '^ok ' "$tmp/out" | sed 's/^/# /'
is "$(sql "SELECT part || version FROM qa_schema ORDER BY 1")" many2 'it worked there'
finish

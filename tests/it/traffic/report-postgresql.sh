# mailtraffic with a real PostgreSQL server: the same reports.
. tests/it/lib.sh
. tests/it/traffic/lib-pg.sh
pg_start
db=$pg_uri
. tests/it/traffic/lib-report.sh
finish

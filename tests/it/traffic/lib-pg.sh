# Sourced by tests that need a PostgreSQL server, behind tests/it/lib.sh: pg_start starts one of the test's own in $tmp/pg, with a
# socket there and a port on loopback (where a password is asked for), as a user that is not root; it ends with the test.
#
#	pg_start        sets $pg_uri (by the socket, no password), $pg_tcp (by loopback, for role qa whose password is in $tmp/pgpass)
#	sql 'SELECT 1'  what psql says, without decoration
# shellcheck shell=sh

# as_pg COMMAND...: the server refuses to run as root
as_pg() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	else
		"$@"
	fi
}

pg_stop() {
	[ ! -f "$tmp/pg/data/postmaster.pid" ] || as_pg "$pg_bin/pg_ctl" -D "$tmp/pg/data" -m immediate -w stop > /dev/null 2>&1
	clean
}

pg_start() {
	pg_bin=$(find /usr/lib/postgresql -path '*/bin/initdb' 2> /dev/null | sort -V | tail -n 1)
	pg_bin=${pg_bin%/initdb}
	[ -n "$pg_bin" ] || {
		echo 'Bail out! no PostgreSQL server: sh boot/deps check'
		exit 2
	}
	chmod 711 "$tmp"
	mkdir "$tmp/pg"
	echo 'se:kr\it' > "$tmp/pwfile"
	chmod 644 "$tmp/pwfile"
	[ "$(id -u)" != 0 ] || chown postgres: "$tmp/pg"
	trap pg_stop EXIT
	(cd / && as_pg "$pg_bin/initdb" -D "$tmp/pg/data" -U qa -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 \
		--pwfile="$tmp/pwfile" -N) > "$tmp/initdb.log" 2>&1 || {
		sed 's/^/# /' "$tmp/initdb.log"
		echo 'Bail out! initdb failed'
		exit 2
	}
	pg_port=$((20000 + $$ % 20000)) tries=0
	until (cd / && as_pg "$pg_bin/pg_ctl" -D "$tmp/pg/data" -l "$tmp/pg/log" -w -t 60 -o "-c listen_addresses=127.0.0.1 -p $pg_port \
		-c unix_socket_directories=$tmp/pg -c shared_buffers=32MB -c fsync=${pg_fsync:-off} ${pg_options:-}" start) > "$tmp/pg_ctl.log" 2>&1; do
		pg_port=$((pg_port + 1)) tries=$((tries + 1))
		[ $tries -lt 5 ] || {
			sed 's/^/# /' "$tmp/pg_ctl.log" "$tmp/pg/log"
			echo 'Bail out! the server does not start'
			exit 2
		}
	done
	pg_uri="postgresql://qa@/postgres?host=$tmp/pg&port=$pg_port"
	pg_tcp="postgresql://qa@127.0.0.1:$pg_port/postgres"
	(umask 077 && printf '127.0.0.1:%s:postgres:qa:se\\:kr\\\\it\n' "$pg_port" > "$tmp/pgpass")
	unset PGPASSWORD PGPASSFILE PGHOST PGPORT PGUSER PGDATABASE PGSERVICE PGOPTIONS
}

sql() {
	psql -X -A -t -q -v ON_ERROR_STOP=1 -d "$pg_uri" -c "$1"
}

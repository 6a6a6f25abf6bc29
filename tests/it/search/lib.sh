# For tests of search, sourced: an instance with the domain example.com, and mail made of a few words.
# shellcheck shell=sh
. tests/it/lib.sh
TZ=UTC
export TZ
D=example.com
catalog=$MAILDEPOT_HOME/domain/$D/var/catalog
depot=$MAILDEPOT_HOME/domain/$D/depot
mkdir "$tmp/in"
md_domain add $D > "$tmp/out" || exit 2

# mail NAME DATE SUBJECT TEXT [HEADER]: a file $tmp/in/NAME.eml, dated as in "2 Mar 2026 10:00:00"
mail() {
	{
		printf 'Received: from a by b; %s +0000\n' "$2"
		printf 'From: Joe Sender <joe@sender.example>\nTo: Office <office@example.com>\n'
		printf 'Subject: %s\nMessage-ID: <%s@id.example>\nDate: %s +0000\n' "$3" "$1" "$2"
		[ -z "${5-}" ] || printf '%b\n' "$5"
		printf '\n%b\n' "$4"
	} > "$tmp/in/$1.eml"
}

# import: what is in $tmp/in is filed and goes
import() {
	md_import -q $D "$tmp/in" > "$tmp/import" 2>&1 || cat "$tmp/import"
	rm -f "$tmp"/in/*
}

index() { md_index -1 -q 2>> "$tmp/log"; }

# finds QUERY SUBJECT...: exactly these, newest first
finds() {
	q=$1
	shift
	printf '%s\n' "$@" > "$tmp/want"
	[ $# -gt 0 ] || : > "$tmp/want"
	md_search --json -n 1000 $D "$q" 2>&1 | sed -n 's/.*"subject":"\([^"]*\)".*/\1/p' > "$tmp/got"
	is "$(cat "$tmp/got")" "$(cat "$tmp/want")" "$q"
}

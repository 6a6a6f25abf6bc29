# Bytes on disk against bytes of mail: the corpus filed as one month, and in its natural months; open and sealed.
. bench/lib.sh

# Bytes of all files below the folders, by their length
bytes_of() {
	find "$@" -type f -printf '%s\n' 2> /dev/null | awk '{ s += $1 } END { printf "%d", s }'
}

share() {
	calc "($1) * 100 / $bytes" %.1f
}

# stated NAME [TARGET-OPEN TARGET-SEALED]: the instance, open and sealed; both must verify
stated() {
	d=$MAILDEPOT_HOME/domain/example.com target=${2:-}
	for state in open sealed; do
		[ $state = open ] || seal "$MAILDEPOT_HOME" example.com || die "cannot seal $1"
		md_verify -q --deep --json example.com > "$work/verify" || die "the $state archive $1 does not verify"
		bytes=$(sed 's/.*"bytes":\([0-9]*\).*/\1/' "$work/verify")
		depot=$(bytes_of "$d/depot") log=$(bytes_of "$d/log") catalog=$(bytes_of "$d/var/catalog")
		put "size.$1.$state.depot" "$(share "$depot")" '% of raw'
		put "size.$1.$state.log" "$(share "$log")" '% of raw'
		put "size.$1.$state.catalog" "$(share "$catalog")" '% of raw'
		put "size.$1.$state" "$(share "$depot + $log + $catalog")" '% of raw' "$target"
		target=${3:-}
	done
	put "size.$1.months" "$(find "$d/depot" -mindepth 1 -maxdepth 1 -type d | wc -l)" months
	put "size.$1.raw" "$(calc "$bytes / 1e6" %.1f)" MB
}

note "size, load $(load)"
instance 1
fed -m 2026-01
md_import -1 2> /dev/null && md_index -1 -q 2> /dev/null || die 'cannot fill the archive'
stated month '<= 48' '<= 45'
instance 1
# shellcheck disable=SC2086 # several
md_import -q example.com $corpus > /dev/null 2>&1
md_index -1 -q 2> /dev/null || die 'cannot fill the archive'
stated natural

note 'size of peers'
# shellcheck disable=SC2086 # several
feed -o "$work/mail" $corpus > /dev/null || exit 2
raw=$(bytes_of "$work/mail/cur") bytes=$raw
put size.gzip-per-message "$(share "$(find "$work/mail/cur" -type f -exec sh -c 'for f; do gzip -6 -n -c "$f" | wc -c; done' - {} + |
	awk '{ s += $1 } END { printf "%d", s }')")" '% of raw'
if command -v notmuch > /dev/null; then
	printf '[database]\npath=%s\n[user]\nname=b\nprimary_email=b@example.com\n' "$work/mail" > "$work/notmuch-config"
	NOTMUCH_CONFIG=$work/notmuch-config notmuch new --quiet > "$work/log" 2>&1 || die 'notmuch'
	put size.maildir+notmuch "$(share "$raw + $(bytes_of "$work/mail/.notmuch")")" '% of raw'
	rm -rf "$work/mail/.notmuch"
fi
if command -v mu > /dev/null; then
	mu init --muhome="$work/mu" --maildir="$work/mail" > /dev/null 2>&1 &&
		mu index --muhome="$work/mu" --quiet > "$work/log" 2>&1 || die 'mu'
	put size.maildir+mu "$(share "$raw + $(bytes_of "$work/mu")")" '% of raw'
fi

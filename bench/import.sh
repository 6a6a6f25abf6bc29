# Import and index against what else there is, on the same messages; and how it behaves with many domains.
. bench/lib.sh

# ours DOMAINS COPIES: lines in m.import.D and m.index.D
ours() {
	instance "$1"
	if [ "$1" = 1 ]; then fed -c "$2"; else fed -c "$2" -d "$1"; fi
	metered "import.$1" md_import -1
	metered "index.$1" md_index -1 -q
}

peer_notmuch() {
	rm -rf "$work/mail/.notmuch"
	printf '[database]\npath=%s\n[user]\nname=b\nprimary_email=b@example.com\n[new]\ntags=inbox\n[index]\ndecrypt=false\n' "$work/mail" \
		> "$work/notmuch-config"
	NOTMUCH_CONFIG=$work/notmuch-config metered notmuch notmuch new --quiet
}

peer_mu() {
	rm -rf "$work/mu"
	mu init --muhome="$work/mu" --maildir="$work/mail" > /dev/null 2>&1 || die 'mu init'
	metered mu mu index --muhome="$work/mu" --quiet
}

# Its import indexes as well. Slow, so on fewer messages, and once.
peer_public_inbox() {
	# shellcheck disable=SC2086 # several
	pi_n=$(feed -o "$work/pimail" -n "$pi_most" $corpus) || exit 2
	pi_n=${pi_n%% *}
	export HOME="$work" PI_CONFIG="$work/pi-config"
	public-inbox-init -V2 -L full bench "$work/pi" http://bench.example/ bench@example.com > "$work/log" 2>&1 ||
		die 'public-inbox-init'
	# shellcheck disable=SC2016 # it is Perl that expands
	metered pi perl -MPublicInbox::Inbox -MPublicInbox::InboxWritable -e '
		my $ibx = PublicInbox::Inbox->new({ inboxdir => $ARGV[0], version => 2, name => "bench",
			-primary_address => "bench\@example.com", indexlevel => "full" });
		PublicInbox::InboxWritable->new($ibx)->import_maildir($ARGV[1]);' "$work/pi" "$work/pimail"
}

have() {
	command -v "$1" > /dev/null || {
		note "$1 is not installed: left out"
		return 1
	}
}

if [ "$BENCH_QUICK" = 1 ]; then pi_most=300 many='100'; else pi_most=1500 many='100 2000'; fi
# shellcheck disable=SC2086 # several
feed -o "$work/mail" $corpus > /dev/null || exit 2
run=0
while [ $run -lt "$BENCH_RUNS" ]; do
	run=$((run + 1))
	note "import and index, run $run of $BENCH_RUNS, load $(load)"
	ours 1 1
	! have notmuch || peer_notmuch
	! have mu || peer_mu
done
put import.messages "$messages" messages
put import.bytes "$(calc "$bytes / 1e6" %.1f)" MB
ten=$(calc "$messages / 10000" %.4f)
import_cpu=$(calc "$(column 2 "$work/m.import.1") / $ten")
index_cpu=$(calc "$(column 2 "$work/m.index.1") / $ten")
cpu=$(calc "$import_cpu + $index_cpu")
wall=$(calc "($(column 1 "$work/m.import.1") + $(column 1 "$work/m.index.1")) / $ten")
put import.cpu.import "$import_cpu" 'CPU s/10k'
put import.cpu.index "$index_cpu" 'CPU s/10k'
put import.cpu.both "$cpu" 'CPU s/10k' '<= 3.5'
put import.wall.both "$wall" 's/10k'
put import.rss.import "$(column 3 "$work/m.import.1")" MB '< 150'
put import.rss.index "$(column 3 "$work/m.index.1")" MB '< 150'

# peer NAME TIMES-CPU: its figures, and how many times ours they are
peer() {
	[ -s "$work/m.$1" ] || return
	c=$(calc "$(column 2 "$work/m.$1") / $ten") w=$(calc "$(column 1 "$work/m.$1") / $ten")
	put "import.cpu.$1" "$c" 'CPU s/10k'
	put "import.wall.$1" "$w" 's/10k'
	put "import.rss.$1" "$(column 3 "$work/m.$1")" MB
	put "import.times-cpu.$1" "$(calc "$c / $cpu" %.1f)" 'times ours' "$2"
	put "import.times-wall.$1" "$(calc "$w / $wall" %.1f)" 'times ours' '>= 4'
}
peer notmuch '>= 7'
peer mu '>= 4'
if have public-inbox-init; then
	note "public-inbox, $pi_most messages, once"
	peer_public_inbox
	put import.cpu.public-inbox "$(calc "$(column 2 "$work/m.pi") / $pi_n * 10000")" 'CPU s/10k'
	put import.wall.public-inbox "$(calc "$(column 1 "$work/m.pi") / $pi_n * 10000")" 's/10k'
fi

for d in $many; do
	note "$d domains, load $(load)"
	ours "$d" 1
	put "import.domains-$d.cpu" "$(calc "($(column 2 "$work/m.import.$d") + $(column 2 "$work/m.index.$d")) / $ten")" 'CPU s/10k'
	put "import.domains-$d.wall" "$(calc "($(column 1 "$work/m.import.$d") + $(column 1 "$work/m.index.$d")) / $ten")" 's/10k'
	put "import.domains-$d.rss.import" "$(column 3 "$work/m.import.$d")" MB '< 150'
	put "import.domains-$d.rss.index" "$(column 3 "$work/m.index.$d")" MB '< 150'
done

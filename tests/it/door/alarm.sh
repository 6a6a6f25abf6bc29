# Mail that passes without a copy is told to syslog: one line of LOCAL1, priority ALERT, and nothing to the caller's
# standard error. So is what md_journal -s has to say.
. tests/it/door/lib.sh
command -v perl > /dev/null && unshare -rm true 2> /dev/null || { echo '1..0 # SKIP unshare does not work here'; exit 0; }
domains 'open.example fail=open' 'closed.example fail=closed'
rm -rf "$H/journal/direct"
touch "$H/journal/direct"
export TCPREMOTEIP=10.0.0.1

# A /dev of our own, where log is a socket whose datagrams become lines of a file.
mkdir "$tmp/dev"
perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$ARGV[0]/dev/log") or die "$ARGV[0]/dev/log: $!\n";
	open my $out, ">", "$ARGV[0]/said" or die;
	$out->autoflush(1);
	while (defined $s->recv(my $line, 4096)) {
		$line =~ s/[\n\0]+$//;
		print $out "$line\n";
	}' "$tmp" &
pids="$pids $!"
wait_for 10 test -f "$tmp/said"
cat > "$tmp/with-log" <<'EOF'
for f in null zero urandom; do
	: > "$1/dev/$f"
	mount --bind "/dev/$f" "$1/dev/$f" || exit 99
done
# TMPDIR may be there
mkdir -p "$1/dev/shm"
[ ! -d /dev/shm ] || mount --bind /dev/shm "$1/dev/shm" || exit 99
ln -sfn /proc/self/fd "$1/dev/fd"
mount --rbind "$1/dev" /dev || exit 99
shift
exec "$@"
EOF
# logged COMMAND...: with that /dev; what syslog was told comes to $tmp/told
logged() {
	: > "$tmp/said"
	unshare -rm sh "$tmp/with-log" "$tmp" "$@" > "$tmp/out" 2> "$tmp/stderr"
	[ $? != 99 ] || { sed 's/^/# /' "$tmp/stderr"; echo '1..0 # SKIP no mounts here'; exit 0; }
	wait_for 3 test -s "$tmp/said"
	cp "$tmp/said" "$tmp/told"
}
logged "$inject" -r a@open.example "$queue"
is "$(cut -d' ' -f1 "$tmp/out") $(failopen)" 'exit=0 1' 'it passes and is counted'
is "$(wc -l < "$tmp/told")" 1 'syslog gets one line'
# 17 is LOCAL1, 1 is ALERT
grep -q "^<$((17 * 8 + 1))>.* qmail-queue\[[0-9]*\]: event=door.message.failopen home=$H why=\".*\"\$" "$tmp/told"
ok $? "LOCAL1, ALERT, program, event, home, cause: $(cat "$tmp/told")"
is "$(cat "$tmp/stderr")" '' 'standard error is left alone'
grep -q 'a@open\|Subject' "$tmp/told"
is $? 1 'no address, no subject'

rm "$H/var/failopen"
logged "$inject" -r a@open.example "$queue"
wait_for 3 grep -q uncounted "$tmp/said"
grep -q "^<137>.* event=door.failopen.uncounted why=\"No such file or directory\"\$" "$tmp/said"
ok $? 'that it could not be counted is told too'
is "$(wc -l < "$tmp/said")" 2 'in a line of its own'

logged "$inject" -r a@closed.example "$queue"
is "$(cut -d' ' -f1 "$tmp/out") $(cat "$tmp/told")" 'exit=71 ' 'what is refused is no alarm'

logged env -u MAILDEPOT_HOME "$BUILD/bin/md_journal" -s -H "$tmp/nohome"
grep -q "^<137>.* md_journal\[[0-9]*\]: event=journal.start.failed home=$tmp/nohome why=" "$tmp/told"
ok $? 'md_journal -s tells syslog why it does not start'
grep -q '^md_journal: alert: event=journal.start.failed ' "$tmp/stderr"
ok $? 'and standard error'
finish

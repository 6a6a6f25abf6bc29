# For tests of the .qmail agent: the door's instance, and the environment of qmail-local under vpopmail.
. tests/it/door/lib.sh
agent=$BUILD/bin/qmail-archive
export SENDER=friend@example.org RECIPIENT=example.com-Dave-Ext.X@Example.NET LOCAL=example.com-Dave-Ext.X \
	HOST=Example.NET USER=example.com EXT=Dave-Ext.X
DTLINE="Delivered-To: $RECIPIENT
" RPLINE="Return-Path: <friend@example.org>
"
export DTLINE RPLINE
# file SIZE: a message as it lies in qmail's queue: $tmp/file; what the door saw of it: $tmp/seen
file() {
	printf 'Subject: x\n\n' > "$tmp/seen"
	head -c "$1" /dev/urandom >> "$tmp/seen"
	{ printf 'Received: (qmail 123 invoked from network); 22 Nov 2026 11:04:19 -0000\n'; cat "$tmp/seen"; } > "$tmp/file"
}
# deliver OPTION...: the agent on that file; $rc
deliver() {
	"$agent" "$@" < "$tmp/file" > "$tmp/out" 2> "$tmp/err"
	rc=$?
}

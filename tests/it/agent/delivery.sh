# A delivery becomes an event; the message goes along only when the door has not seen it.
# shellcheck disable=SC2119 # options are optional
. tests/it/agent/lib.sh
start_journal
file 5000
deliver
is "$rc $(cat "$tmp/out" "$tmp/err")" '0 ' 'exit 0, silent'
is "$(field kind) $(field source) $(field mailbox) $(field for-domain)" \
	'delivery agent dave-ext.x@example.com example.com' 'a delivery event'
is "$(field rcpt-env)" "$RECIPIENT" 'recipient as typed'
is "$(field dtline)|$(field rpline)|$(field sender)" \
	"Delivered-To: $RECIPIENT\\0a|Return-Path: <friend@example.org>\\0a|friend@example.org" 'DTLINE, RPLINE and SENDER'
is "$(field refers) $(field sha256)" "$(sum "$tmp/seen") $(sum "$tmp/seen")" \
	"the message without qmail's line goes along: nobody has seen it"
file 5000
send -r a@example.com -m "$tmp/seen"
deliver
is "$rc $(field message | tail -n 1) $(field refers | tail -n 1)" "0 0 $(sum "$tmp/seen")" 'seen by the door: only the event'
file 3000000
deliver
is "$rc $(direct) $(field sha256 | tail -n 1)" "0 1 $(sum "$tmp/seen")" 'a large one: direct'
finish

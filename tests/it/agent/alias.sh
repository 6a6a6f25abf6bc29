# An alias domain that the table does not know: the door has seen the message for somebody else, so it goes along for this domain.
# shellcheck disable=SC2119 # options are optional
. tests/it/agent/lib.sh
domains 'example.com archive=both' 'other.example archive=both' 'default archive=no'
export TCPREMOTEIP=10.0.0.1
start_journal
file 5000
send -r dave@example.net -r eve@other.example -m "$tmp/seen"
deliver
is "$rc $(field kind | tail -n 1) $(field sha256 | tail -n 1)" "0 delivery $(sum "$tmp/seen")" 'unknown to the table: the message goes along'
domains 'example.com archive=both' 'other.example archive=both' 'example.net as=example.com' 'default archive=no'
file 5000
send -r dave@example.net -r eve@other.example -m "$tmp/seen"
deliver
is "$rc $(field message | tail -n 1)" '0 0' 'known by as=: only the event'
finish

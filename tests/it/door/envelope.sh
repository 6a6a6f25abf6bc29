# Envelopes at the edges: what qmail-queue takes is taken and archived, what it refuses is refused with its code.
. tests/it/door/lib.sh
start_journal
long=$(printf '%990s' '' | tr ' ' x)@example.com # 1002 bytes
try() { # NAME, CODE, WHETHER ARCHIVED, bytes for printf
	printf '%b' "$4" > "$tmp/e"
	before=$(records)
	send -E "$tmp/e" -s 200
	is "$code $(($(records) - before))" "exit=$2 $3" "$1"
}
try 'no recipient' 0 1 'Fme@example.com\0\0'
try 'bounce' 0 1 'F\0Tyou@example.com\0\0'
try 'double bounce' 0 1 'F#@[]\0Tpostmaster@example.com\0\0'
try 'VERP' 0 1 'Flist-@example.com-@[]\0Tyou@example.com\0\0'
is "$(field sender | tail -n 1)" 'list-@example.com-@[]' 'VERP is kept raw'
try 'empty recipient' 0 1 'F\0T\0\0'
try 'bytes after the end' 0 1 'F\0Tyou@example.com\0\0and more'
try 'LF and 8-bit in an address' 0 1 'F\0Ta\nb\0377@example.com\0\0'
try '1002-byte sender' 0 1 "F$long\\0Tyou@example.com\\0\\0"
try '1002-byte recipient' 0 1 "F\\0T$long\\0\\0"
try '1003-byte sender' 11 0 "Fx$long\\0Tyou@example.com\\0\\0"
try '1003-byte recipient' 11 0 "F\\0Tx$long\\0\\0"
try 'recipient first' 91 0 'Tyou@example.com\0\0'
try 'second sender' 91 0 'F\0Fx\0\0'
try 'unknown letter' 91 0 'F\0Xx\0\0'
try 'NUL first' 91 0 '\0'
finish

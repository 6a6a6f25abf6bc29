# What the real qmail-remote has said is with the caller before it says the rest.
. tests/it/remote/lib.sh
mkfifo "$tmp/go"
export QA_STANDIN_GO="$tmp/go" QA_STANDIN_PIECE=2
says 'r|Kgood|'
"$remote" example.org me@example.com you@example.org < "$tmp/m" > "$tmp/said" &
p=$!
pids="$pids $p"
until_true 10 test -s "$tmp/said"
is "$(tr '\0' '|' < "$tmp/said")" 'r|' 'the first record, while the second is still to come'
is "$(lines)" '' 'and no line yet'
: > "$tmp/go"
wait $p
is "$? $(tr '\0' '|' < "$tmp/said")" '0 r|Kgood|' 'then the rest'
is "$(lines | cut -d'|' -f4)" success 'and the line'
finish

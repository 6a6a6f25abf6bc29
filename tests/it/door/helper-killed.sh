# The helper killed at any moment: 54, nothing queued. Stopped: the caller waits, nothing is accepted.
. tests/it/door/lib.sh
start_journal
kill -STOP "$journal"
# shellcheck disable=SC2317 # called by wait_for
has_helper() {
	door=$(pgrep -P "$injector") && helper=$(helper "$door") && [ -n "$helper" ]
}
begin() { # OPTION...: an injector whose helper waits for md_journal; its pids in $injector, $door, $helper
	"$inject" -r a@example.com "$@" "$queue" > "$tmp/out" &
	injector=$!
	wait_for 5 has_helper
}
end() {
	wait $injector
	out=$(cat "$tmp/out")
	parts
}
begin
kill -KILL "$helper"
end
is "$code $(queued) $(leftover)" 'exit=54 0 0' 'killed while it waits for md_journal'
begin -s 500000
kill -KILL "$helper"
end
is "$code $(queued) $(leftover)" 'exit=54 0 0' 'the same with a larger message'
begin
kill -TERM "$helper"
end
is "$code $(queued) $(leftover)" 'exit=54 0 0' 'ended by SIGTERM'
begin
kill -STOP "$helper"
kill -CONT "$journal"
sleep 0.5
is "$(cat "$tmp/out") $(queued)" ' 0' 'stopped: the caller waits, nothing is queued'
kill -CONT "$helper"
end
is "$code $(queued)" 'exit=0 1' 'goes on: accepted'
kill -STOP "$journal"
begin
kill -KILL "$(pgrep -P "$injector")"
end
is "$code" signal=9 'the next program killed'
kill -CONT "$journal"
is "$(queued)" 1 'nothing queued'
printf '#!/bin/sh\nsleep 2\nexec "%s"\n' "$standin" > "$tmp/late"
chmod +x "$tmp/late"
printf '%s\nfinal\n' "$tmp/late" > "$H/etc/next-queue"
begin -s 5000000
kill -KILL "$helper" # it stands with a full pipe
end
is "$code $(queued)" 'exit=54 1' 'killed in the middle of a large message'
finish

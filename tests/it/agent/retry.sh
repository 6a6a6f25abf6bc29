# qmail-local runs the line again at a retry: the same id, whichever way it takes; another delivery has another.
# shellcheck disable=SC2119 # options are optional
. tests/it/agent/lib.sh
start_journal
file 2000
deliver
deliver
stop_journal
deliver
is "$(records) $(field id | sort -u | wc -l)" '3 1' 'three times, one id'
deliver
is "$rc $(direct)" '0 1' 'a direct file that is there already is good'
RECIPIENT=example.com-eve@Example.NET deliver
is "$(field id | sort -u | wc -l)" 2 'another recipient, another id'
deliver -m eve@example.com
is "$(field id | sort -u | wc -l)" 3 'another mailbox too'
finish

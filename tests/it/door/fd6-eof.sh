# The caller reads 6 to its end before it waits: neither helper nor writer of a direct file may hold it open.
. tests/it/door/lib.sh
start_journal
kill -STOP "$journal"
# the next program leaves at once, while the helper still waits for md_journal
start=$(date +%s%N)
out=$(QA_STANDIN_EXIT=31 QA_STANDIN_EARLY=1 "$inject" -r a@example.com "$queue")
ms=$((($(date +%s%N) - start) / 1000000))
is "${out%% *}" exit=31 'the exit code is there'
[ $ms -lt 1500 ]
ok $? "and did not wait for the helper ($ms ms)"
finish

# Whatever the next program exits with reaches the caller, 0 to 255, and so does a death by signal.
. tests/it/door/lib.sh
start_journal
wrong=''
for c in $(seq 0 255); do
	out=$(QA_STANDIN_EXIT=$c "$inject" -r a@example.com -s 100 "$queue")
	case $out in "exit=$c write=ok "*) ;; *) wrong="$wrong $c:$out" ;; esac
done
is "$wrong" '' 'all 256 codes pass'
wrong=''
for s in 6 9 11 15; do
	out=$(QA_STANDIN_SIGNAL=$s "$inject" -r a@example.com -s 100 "$queue")
	case $out in "signal=$s "*) ;; *) wrong="$wrong $s:$out" ;; esac
done
is "$wrong" '' 'death by signal passes'
out=$(QA_STANDIN_EXIT=53 QA_STANDIN_EARLY=1 "$inject" -r a@example.com -s 3000000 "$queue")
is "${out%% *}" exit=53 'the code of one that leaves without reading'
finish

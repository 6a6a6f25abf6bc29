# Deep verification and proofs against the speed of SHA-256 here, and cost per message as the archive grows.
. bench/lib.sh

# MB/s of raw mail by CPU seconds and of openssl, in turn
note "verify, load $(load)"
c=$(copies 10000)
instance 1
fed -c "$c"
md_import -1 2> /dev/null || die 'cannot fill the archive'
md_verify -q --deep example.com > /dev/null || die 'the archive does not verify'
run=0
while [ $run -lt $((BENCH_RUNS + 2)) ]; do
	run=$((run + 1))
	metered verify md_verify -q --deep example.com
	openssl speed -seconds 1 -bytes 16384 sha256 2> /dev/null | awk '$1 == "sha256" { print $2 / 1000 }' >> "$work/sha"
	metered prove md_prove example.com "$(date -u +%Y-%m)/$((run * messages / 10))"
done
speed=$(calc "$bytes / 1e6 / $(column 2 "$work/m.verify")" %.0f) sha=$(column 1 "$work/sha")
put verify.deep "$speed" 'MB/s of raw mail'
put verify.openssl-sha256 "$(calc "$sha" %.0f)" MB/s
put verify.share "$(calc "$speed * 100 / $sha" %.1f)" '% of sha256' '>= 25'
put verify.rss "$(column 3 "$work/m.verify")" MB
put prove.cpu "$(calc "$(column 2 "$work/m.prove") * 1000" %.1f)" ms
put prove.wall "$(calc "$(column 1 "$work/m.prove") * 1000" %.1f)" ms '< 10'

# What a message costs, archive after archive, each ten times as large
sizes='10000 100000'
[ "$BENCH_QUICK" != 1 ] || sizes='3000 10000'
[ "$BENCH_FULL" != 1 ] || sizes="$sizes 1000000"
for n in $sizes; do
	note "an archive of $n, load $(load)"
	rm -f "$work"/m.*
	instance 1
	fed -c "$(copies "$n")" -n "$n"
	metered import md_import -1
	metered index md_index -1 -q
	metered verify md_verify -q --deep example.com
	for run in 1 2 3 4 5; do
		metered prove md_prove example.com "$(date -u +%Y-%m)/$((run * messages / 6))"
		metered search md_search -n 20 example.com "subject:meeting"
	done
	for what in import index verify; do
		put "scale.$n.$what" "$(calc "$(column 2 "$work/m.$what") / $messages * 1e6" %.0f)" 'CPU us/message'
		put "scale.$n.$what.rss" "$(column 3 "$work/m.$what")" MB "$([ $what = verify ] || echo '< 150')"
	done
	put "scale.$n.prove.cpu" "$(calc "$(column 2 "$work/m.prove") * 1000" %.1f)" ms
	put "scale.$n.prove" "$(calc "$(column 1 "$work/m.prove") * 1000" %.1f)" ms '< 10'
	put "scale.$n.search.cpu" "$(calc "$(column 2 "$work/m.search") * 1000" %.1f)" 'ms, whole process'
	put "scale.$n.search" "$(calc "$(column 1 "$work/m.search") * 1000" %.1f)" 'ms, whole process'
done

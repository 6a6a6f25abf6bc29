# What a library of ours shows to the linker starts with qa_.
. tests/lint/lib.sh

wrong() { awk 'NF == 3 && $3 !~ /^qa_/ && $3 !~ /^(__|_GLOBAL_|DW\.)/ { print $3 } '; }

: > "$tmp/wrong"
n=0
for a in "$BUILD"/lib/*.a; do
	n=$((n + 1))
	# the simulator stands in for these two on purpose (lib/sys/sim-sqlite.c)
	case $a in */sim.a) also='^(fsync|fdatasync)$' ;; *) also='^$' ;; esac
	nm -g --defined-only "$a" 2>/dev/null | wrong | grep -vE "$also" | sed "s,^,$a: ," >> "$tmp/wrong"
done
verdict "$n libraries show only qa_ symbols" "$tmp/wrong"
echo '0000000000000000 T helper' | wrong > "$tmp/wrong"
alarmed 'another name would be seen' "$tmp/wrong"
finish

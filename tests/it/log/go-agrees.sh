# A Go program on golang.org/x/mod accepts our log, its checkpoints and proofs, at sizes around every kind of edge; and
# refuses it after one bit was turned in any file, when a file is missing, and when one was added.
. tests/it/log/lib.sh
check=$BUILD/tests/tlogcheck
[ -x "$check" ] || skip 'no Go compiler'

# good NAME ARGUMENT...: tlogcheck exits 0; bad...: 1
good() { what=$1; shift; "$check" "$@" > "$tmp/out" 2>&1; ok $? "$what: $(tail -n 1 "$tmp/out")"; }
refused() {
	what=$1
	shift
	"$check" "$@" > "$tmp/out" 2>&1
	rc=$?
	[ $rc = 1 ]
	ok $? "refused ($rc): $what: $(tail -n 1 "$tmp/out" | sed 's/.*tlogcheck: //')"
}
# all of LOG, with old checkpoint and proof
all() { "$1" "$2" -old "$d/old" -proof "$d/proof" -leaf "$d/leaf" "$d/log"; }

for size in 1 2 255 256 257 1000 70000; do
	d=$tmp/$size
	mkdir "$d"
	"$BUILD/tests/mklog" -o $(((size + 1) / 2)) "$d" $size $((size * 2 / 3))
	ok $? "mklog $size"
	all good "$size leaves"
	files=$(find "$d/log/tile" -type f | wc -l)
	grep -q ", $files tiles" "$tmp/out" || { cat "$tmp/out"; false; }
	ok $? "$size leaves: all $files tile files were verified"
	good "$size leaves, proof alone" -vkey "$d/log/vkey" -proof "$d/proof"

	# every file once; of the many full tiles of the large log some
	(cd "$d" && find . -type f | sort | awk '!/tile\/0\/[0-9]*$/ || NR % 40 == 0 || NR < 12') > "$tmp/files"
	while read -r f; do
		flip "$d/$f"
		all refused "$size, bit in $f"
		flip "$d/$f"
	done < "$tmp/files"
	all good "$size leaves again"
done

# Files that are missing, cut or too many; the log of 257 has every kind.
d=$tmp/257
for f in checkpoint vkey tile/0/000 tile/0/001.p/1 tile/1/000.p/1; do
	mv "$d/log/$f" "$tmp/away"
	all refused "$f is missing"
	head -c 31 "$tmp/away" > "$d/log/$f"
	all refused "$f is cut"
	mv "$tmp/away" "$d/log/$f"
done
cp "$d/log/tile/0/001.p/1" "$d/log/tile/0/002"
all refused 'a tile beyond the tree'
rm "$d/log/tile/0/002"
cp "$d/log/tile/0/001.p/1" "$d/log/tile/0/001.p/x"
all refused 'a file that is no tile'
rm "$d/log/tile/0/001.p/x"

# The checkpoint of a larger log cannot be extended by a smaller one.
mkdir "$tmp/other"
"$BUILD/tests/mklog" "$tmp/other" 100 5
ok $? 'a shorter log'
refused 'an older checkpoint that is newer' -old "$d/log/checkpoint" "$tmp/other/log"
refused 'another key' -vkey 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW' "$d/log"
all good 'in the end'
finish

# The page of mailtraffic in a real browser: it is drawn, its charts say what the database holds, it fetches and runs nothing,
# and names in it stay text.
. tests/it/lib.sh
command -v chromium > /dev/null || {
	echo 'Bail out! no chromium: sh boot/deps check'
	exit 2
}
mkdir "$tmp/in"
i=1
while [ $i -le 28 ]; do
	printf '|example.com|%d|%d|0|\n|<script>document.title="taken"</script>|%d|1|0|\n|"><img/src=x/onerror=alert(1)>.example|%d|2|0|\n' \
		$((i * 1000)) $i $((i * 10)) $((900 - i)) > "$tmp/in/$(printf %02d $i).02.2025.qml.txt"
	printf 'Feb  1 00:00:00 mx1 in[1]: %d|a@b|u%d@example.com|%d|success\n' $((1738368000 + i * 80000)) $i $((i * 5000))
	printf 'Feb  1 00:00:00 mx1 out[1]: %d|<svg/onload=alert(1)>@example.com|a@b|%d|timeout\n' $((1738368000 + i * 80000)) $((i * 3000))
	i=$((i + 1))
done > "$tmp/stats"
TrafficLoader --db "$tmp/db" --server mx1 "$tmp/in" || exit 2
exits 0 'the page is made' mailtraffic --db "$tmp/db" --month 2025-02 --stats "$tmp/stats" --html "$tmp/page.html"

# Its own folders, no network, no sandbox: that needs rights that a container rarely gives, and the page is ours.
browser() {
	HOME=$tmp timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions \
		--proxy-server=127.0.0.1:9 --user-data-dir="$tmp/profile" --window-size=980,2200 "$@" "file://$tmp/page.html" 2> "$tmp/browser.err"
}
browser --dump-dom > "$tmp/dom"
ok $? 'Chromium reads it'
browser --screenshot="$tmp/page.png" > /dev/null
ok $? 'Chromium draws it'
# A picture in which hardly two lines differ is blank. PNG: chunks, then lines of 1 + width * n bytes.
python3 - "$tmp/page.png" > "$tmp/shades" << 'END'
import struct, sys, zlib
d = open(sys.argv[1], 'rb').read()
assert d[:8] == b'\x89PNG\r\n\x1a\n'
at, data = 8, b''
while at < len(d):
    n, kind = struct.unpack('>I4s', d[at:at + 8])
    if kind == b'IHDR':
        w, h, depth, colour = struct.unpack('>IIBB', d[at + 8:at + 18])
    if kind == b'IDAT':
        data += d[at + 8:at + 8 + n]
    at += n + 12
raw = zlib.decompress(data)
line = len(raw) // h
print(w, h, 'drawn' if len({raw[i * line:(i + 1) * line] for i in range(h)}) > h // 5 else 'blank')
END
is "$(cat "$tmp/shades")" '980 2200 drawn' 'the picture is not blank'
is "$(grep -o '<title>[^<]*</title>' "$tmp/dom" | head -n 1)" '<title>mail traffic 2025-02-01</title>' 'no name became a script'
is "$(grep -ciE '<(script|img|link|iframe|object)|[ "]on[a-z]+="|href=|src="' "$tmp/dom")" 0 'nothing to run or to fetch'
is "$(grep -oE 'url\([^)]*\)' "$tmp/page.html" | grep -vcE 'url\(#p[0-4]\)')" 0 'patterns come from the page itself'
is "$(grep -cE 'https?:' "$tmp/page.html")" 0 'no address of anywhere'
is "$(grep -o '<svg viewBox' "$tmp/dom" | wc -l)" 6 'six charts'
is "$(grep -o '<title>2025-02-28: [^<]*</title>' "$tmp/dom")" '<title>2025-02-28: 28.5 MB, 31 hits</title>' 'a day says what it had'
is "$(grep -o '<pattern id="p.">*' "$tmp/dom" | sort -u | wc -l)" "$(grep -o '<pattern' "$tmp/page.html" | wc -l)" 'each series has a pattern of its own'
finish

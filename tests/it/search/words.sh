# Words, phrases, fields and their joining, from mail in files to hits.
. tests/it/search/lib.sh
mail a '1 Mar 2026 10:00:00' 'Quarterly report' 'The brown fox jumps over the lazy dog.'
mail b '2 Mar 2026 10:00:00' 'Invoice 4711' 'Please pay the brown invoice.\nFox & Co.' 'Cc: Boss <boss@hq.example.com>\nIn-Reply-To: <a@id.example>'
mail c '3 Mar 2026 10:00:00' 'HTML' '<html><body>The <b>br</b>own <i>foxes</i> &eacute;t&eacute;</body></html>' 'Content-Type: text/html; charset=utf-8'
mail d '4 Apr 2026 10:00:00' 'Attached' '--x\nContent-Type: text/plain\n\nsee file\n--x\nContent-Type: application/pdf; name="Annual Plan.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--x--' 'Content-Type: multipart/mixed; boundary=x'
import
index
finds 'brown' HTML 'Invoice 4711' 'Quarterly report'
finds '"brown fox"' 'Quarterly report'
finds 'fox*' HTML 'Invoice 4711' 'Quarterly report'
finds 'brown -dog' HTML 'Invoice 4711'
finds 'dog OR pay' 'Invoice 4711' 'Quarterly report'
finds 'brown (dog OR pay) NOT lazy' 'Invoice 4711'
finds 'subject:invoice' 'Invoice 4711'
finds 'cc:@example.com' 'Invoice 4711'
finds 'cc:boss@hq.example.com' 'Invoice 4711'
finds 'from:joe@sender.example date:2026-04' Attached
finds 'from:"joe sender" before:2026-03-02' 'Quarterly report'
finds 'date:2026-03-02..2026-03-03' HTML 'Invoice 4711'
finds 'has:attachment' Attached
finds 'type:pdf filename:plan' Attached
finds '-has:attachment after:2026-03-02' HTML 'Invoice 4711'
finds 'sha256:'"$(printf '%%PDF-1.4\n' | sha256sum | cut -c1-64)" Attached
finds 'id:<b@id.example>' 'Invoice 4711'
finds 'ref:a@id.example' 'Invoice 4711'
finds 'ÉTÉ' HTML
finds 'source:import -brown' Attached
finds 'larger:1M'
exits 1 'nothing found' md_search $D zebra
is "$(cat "$tmp/out")" 'covers 4 of 4 entries' 'the coverage is said all the same'
exits 0 'counted' md_search --count $D brown
is "$(head -1 "$tmp/out")" 3 'the number comes first'
exits 1 'none counted' md_search --count $D zebra
is "$(head -1 "$tmp/out")" 0 'zero'
exits 0 'several words on the command line' md_search --plain $D brown fox -dog
is "$(cat "$tmp/out")" 2026-03/2 'IDs only'
is "$(cat "$tmp/err")" 'covers 4 of 4 entries' 'and coverage apart'
md_search -n 1 $D brown fox > "$tmp/out"
is "$(sed -n 1,2p "$tmp/out")" '2026-03/2      2026-03-02 10:00  Joe Sender  Invoice 4711
    Please pay the brown invoice. Fox & Co. ' 'what a person sees'
finish

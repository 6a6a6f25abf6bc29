# The log in tests/vectors/tlog is made again byte for byte.
. tests/it/log/lib.sh
"$BUILD/tests/mklog" -o 3 "$tmp/tlog" 260 100
ok $? 'mklog'
diff -r tests/vectors/tlog "$tmp/tlog" > "$tmp/diff" 2>&1 || { sed 's/^/# /' "$tmp/diff"; false; }
ok $? 'equal to the vectors'
finish

# mail_anlz publishes the traffic of a day: its options, what it refuses, two at once, killed at any time.
. tests/it/lib.sh
TZ=UTC
export TZ
q=$tmp/control s=$tmp/stats out=$tmp/home/statistic
mkdir -p "$q" "$tmp/home"
echo mx.example.com > "$q/me"
printf 'a.example\nb.example\n' > "$q/rcpthosts"
echo 'virtual.example:virtual.example' > "$q/virtualdomains"

# 22.11.2026 is 1795305600 to 1795392000
cat > "$s" << 'END'
Nov 21 23:59:59 mx in[1]: 1795305599|x@far.example|u@a.example|1000000|success|1
Nov 22 00:00:00 mx in[2]: 1795305600|x@far.example|u@A.example|1000|success|1
Nov 22 00:00:00 mx in[2]: 1795305600|x@far.example|v@a.example|1000|success|1
Nov 22 10:00:00 mx in[3]: 1795341600|x@far.example|u@virtual.example|1024|rejspam|1
Nov 22 10:00:00 mx in[3]: 1795341600|x@far.example|u@b.example|0|reject|1
Nov 22 11:00:00 mx in[4]: 1795345200|u@a.example|y@far.example|3000|success|1
Nov 22 11:00:01 mx out[5]: 1795345201|u@a.example|y@far.example|3100|success|1
Nov 22 11:00:02 mx out[6]: 1795345202|pop3@u@b.example|u@b.example|50|success
no line at all
Nov 22 23:59:59 mx out[6]: 1795391999|imap@u@alias.example|u@alias.example|50|success
Nov 23 00:00:00 mx in[7]: 1795392000|x@far.example|u@a.example|1000000|success|1
END
right='|a.example|5|3|0|
|b.example|1|1|0|
|virtual.example|1|1|0|'

exits 0 'a day is summed up' mail_anlz -d 22.11.2026 -f "$s" --control "$q"
is "$(cat "$out/22.11.2026.qml.txt")" "$right" 'as it should be'
is "$(ls -A "$out")" '22.11.2026.qml.txt' 'nothing else is there'
is "$(cat "$tmp/err")" 'mail_anlz: 1 of 11 lines are bad and were left out; --bad shows them' 'bad lines are counted'
exits 0 'bad lines are shown' mail_anlz -d 2026-11-22 -f "$s" --control "$q" -o - --bad
is "$(cat "$tmp/out")" "$right" 'the file can be printed'
is "$(head -n 1 "$tmp/err")" "$s:9: no date: no line at all" 'a bad line has file, number and reason'

echo '+alias.example-:a.example:89:89:/x:-::' > "$tmp/assign"
exits 0 'an alias' mail_anlz -d 22.11.2026 -f "$s" --control "$q" --alias "$tmp/assign" -o -
is "$(head -n 1 "$tmp/out")" '|a.example|6|4|0|' 'counts for the domain it stands for'
echo 'b.example' > "$tmp/list"
exits 0 'a list' mail_anlz -d 22.11.2026 -f "$s" --hosted "$tmp/list" -o -
is "$(cat "$tmp/out")" '|b.example|1|1|0|' 'stands in place of the control files'

exits 1 'a day without lines' mail_anlz -d 20.11.2026 -f "$s" --control "$q"
[ ! -e "$out/20.11.2026.qml.txt" ]
ok $? 'gets no file'
exits 2 'a day that is not over is refused' mail_anlz -d "$(date +%d.%m.%Y)" -f "$s" --control "$q"
exits 2 'a day that is none is refused' mail_anlz -d 31.11.2026 -f "$s" --control "$q"
exits 2 'no file' mail_anlz -d 22.11.2026 -f "$tmp/none" --control "$q"
printf '# none yet\n' > "$tmp/list"
exits 2 'a list that names no domain is refused' mail_anlz -d 22.11.2026 -f "$s" --hosted "$tmp/list" -o -
exits 2 'no domains' mail_anlz -d 22.11.2026 -f "$s" --control "$tmp/none"
grep -q '^mail_anlz: no control files of qmail in .*--hosted' "$tmp/err"
ok $? 'it says so'
printf 'Nov 22 10:00:00 mx qmail: 1.2 new msg 5\n' > "$tmp/maillog"
exits 2 'a mail log is refused' mail_anlz -d 22.11.2026 -f "$tmp/maillog" --control "$q"
grep -q logstat "$tmp/err"
ok $? 'and what to do is said'

# packed, on standard input, twice the same file, several files
gzip -c "$s" > "$tmp/s.gz"
exits 0 'packed' mail_anlz -d 22.11.2026 --control "$q" -o - -f "$tmp/s.gz"
is "$(cat "$tmp/out")" "$right" 'it is the same'
mail_anlz -d 22.11.2026 --control "$q" -o - -f - < "$tmp/s.gz" > "$tmp/out" 2> "$tmp/err"
is "$(cat "$tmp/out")" "$right" 'on standard input too'
head -n 5 "$s" > "$tmp/one"
tail -n +6 "$s" > "$tmp/two"
exits 0 'in pieces' mail_anlz -f "$tmp/one" "$tmp/two" "$tmp/one" -f "$tmp/two" -d 22.11.2026 --control "$q" -o -
is "$(cat "$tmp/out")" "$right" 'a file named twice is read once'
head -c 100 "$tmp/s.gz" > "$tmp/cut.gz"
exits 2 'packed and cut' mail_anlz -d 22.11.2026 --control "$q" -o - -f "$tmp/cut.gz"

# the host's own file, rotated in the middle of the day
mkdir -p "$tmp/home/etc"
echo "$tmp/logs/stats" > "$tmp/home/etc/stats"
mkdir "$tmp/logs"
cp "$tmp/two" "$tmp/logs/stats"
gzip -c "$tmp/one" > "$tmp/logs/stats.1.gz"
cp "$s" "$tmp/logs/stats.logstat"
rm "$out/22.11.2026.qml.txt"
exits 0 'the stats file of the instance' mail_anlz -d 22.11.2026 --control "$q"
is "$(cat "$out/22.11.2026.qml.txt")" "$right" 'with what rotation made of it'

# days that were missed; one of them is loaded already
day() { date -d "@$1" +%d.%m.%Y; }
now=$(date +%s)
for i in 0 1 2 3 5; do
	echo "$((now - 86400 * i))|x@far.example|u@a.example|$((1024 * (i + 1)))|success"
done > "$tmp/days"
rm -rf "$out"
mkdir -p "$out/loaded"
: > "$out/loaded/$(day $((now - 86400 * 2))).qml.txt.gz"
exits 0 'a catch-up' mail_anlz --catchup -f "$tmp/days" --control "$q"
is "$(cd "$out" && printf '%s\n' *.txt)" "$(for i in 1 3 5; do echo "$(day $((now - 86400 * i))).qml.txt"; done | sort)" \
	'does the days that are missing, not today, not those without lines'
is "$(cat "$out/$(day $((now - 86400 * 3))).qml.txt")" '|a.example|4|1|0|' 'each with its own lines'
exits 0 'a second one' mail_anlz --catchup -f "$tmp/days" --control "$q"

# two at once, and killed at any time: the file is never half
seq 1795305600 1795391999 | sed 's/.*/Nov 22 00:00:00 mx in[1]: &|x@far.example|u@a.example|1025|success|1/' > "$tmp/big"
rm -rf "$out"
mail_anlz -d 22.11.2026 -f "$tmp/big" --control "$q" & one=$!
mail_anlz -d 22.11.2026 -f "$tmp/big" --control "$q" & two=$!
wait $one && wait $two
ok $? 'two at once'
right='|a.example|86485|86400|0|'
is "$(cat "$out/22.11.2026.qml.txt")" "$right" 'make one file'
is "$(ls -A "$out")" '22.11.2026.qml.txt' 'and nothing else'
seen=0 wrong=0
for i in $(seq 40); do
	rm -f "$out/22.11.2026.qml.txt"
	mail_anlz -d 22.11.2026 -f "$tmp/big" --control "$q" & one=$!
	sleep "0.0$((i * 7 % 100 + 100))"
	kill -9 $one 2> /dev/null
	wait $one 2> /dev/null
	[ -e "$out/22.11.2026.qml.txt" ] || continue
	seen=$((seen + 1))
	[ "$(cat "$out/22.11.2026.qml.txt")" = "$right" ] || wrong=$((wrong + 1))
done
is $wrong 0 "killed 40 times, $seen files, none of them half"
exits 0 'run again' mail_anlz -d 22.11.2026 -f "$tmp/big" --control "$q"
is "$(ls -A "$out")$(cat "$out/22.11.2026.qml.txt")" "22.11.2026.qml.txt$right" 'it is whole, and what the killed ones left is gone'

# a full disk (a limit of size stands for it)
rm -f "$out/22.11.2026.qml.txt"
(ulimit -f 0; trap '' XFSZ; exec mail_anlz -d 22.11.2026 -f "$tmp/big" --control "$q") 2> "$tmp/err"
is $? 2 'no room is trouble'
is "$(ls -A "$out")" '' 'and nothing is left'
finish

# Makes a section-5 manual page from one of doc/format-*.md, so that each format is written down once.
# Usage: awk -v name=qa-journal -v date="November 23, 2026" -f mk/md2man.awk FILE
# Understands what those pages use: headings, paragraphs, tables, lists, indented blocks, `code`, *stress* and **stress**.
function esc(s) {
	gsub(/\\/, "\\e", s)
	return s
}
# inline marks; quotes code by what mdoc shows for a literal
function inline(s,   out, c, w) {
	s = esc(s)
	gsub(/\*\*/, "*", s)
	out = ""
	while (match(s, /`[^`]*`|\*[A-Za-z][^*]*\*/)) {
		w = substr(s, RSTART + 1, RLENGTH - 2)
		c = substr(s, RSTART, 1)
		out = out substr(s, 1, RSTART - 1) (c == "`" ? "\\fB" : "\\fI") w "\\fR"
		s = substr(s, RSTART + RLENGTH)
	}
	s = out s
	gsub(/-/, "\\-", s)
	return s
}
# text in lines of at most 78 bytes, never beginning with a control character
function text(s,   n, w, i, line) {
	n = split(s, w, /[ \t]+/)
	line = ""
	for (i = 1; i <= n; i++) {
		if (w[i] == "") continue
		if (line != "" && length(line) + 1 + length(w[i]) > 78) { emit(line); line = "" }
		line = line == "" ? w[i] : line " " w[i]
		# a sentence ends its line
		if (w[i] ~ /..[.!?][")]?$/ && i < n) { emit(line); line = "" }
	}
	if (line != "") emit(line)
}
function emit(line) {
	if (line ~ /^[.']/) line = "\\&" line
	print line
}
function flush() {
	if (para != "") {
		if (needpp) print ".Pp"
		text(inline(para))
		para = ""
		needpp = 1
	}
}
function leave() {
	flush()
	if (mode == "list") { print ".El"; needpp = 1 }
	if (mode == "code") { print ".Ed"; needpp = 1 }
	if (mode == "table") { print ".El"; needpp = 1 }
	mode = ""
}
function heading(s) {
	leave()
	gsub(/`/, "", s)
	gsub(/-/, "\\-", s)
	print ".Ss " s
	needpp = 0
}
NR == 1 {
	title = $0
	sub(/^# */, "", title)
	sub(/^The /, "the ", title)
	sub(/, version.*/, "", title)
	print ".\\\" Made from " FILENAME " by mk/md2man.awk."
	print ".Dd " date
	print ".Dt " toupper(name) " 5"
	print ".Os"
	print ".Sh NAME"
	print ".Nm " name
	print ".Nd format: " title
	print ".Sh DESCRIPTION"
	next
}
/^##+ / { sub(/^#+ /, ""); heading($0); next }
/^    / && (mode == "code" || para == "") && mode != "list" {
	if (mode != "code") { leave(); print ".Bd -literal -offset indent"; mode = "code" }
	line = esc(substr($0, 5))
	gsub(/-/, "\\-", line)
	emit(line)
	next
}
/^\|[-: |]*\|$/ { next }
/^\|/ {
	line = $0
	n = split(line, cell, "|")
	if (mode != "table") {
		leave()
		mode = "table"
		print ".Bl -tag -width Ds"
		for (i = 2; i < n; i++) { head[i] = cell[i]; gsub(/^ +| +$/, "", head[i]) }
		next
	}
	for (i = 2; i < n; i++) gsub(/^ +| +$/, "", cell[i])
	# the first column, with its number's size or name, is the tag; the other columns are the text
	lead = (head[2] == "offset" ? "offset " : "") cell[2]
	i = 3
	if (head[3] == "size" && n > 5) lead = lead ", size " cell[i++]
	else if (head[3] == "name" && n > 5) lead = lead ": " cell[i++]
	rest = ""
	for (; i < n; i++) if (cell[i] != "") {
		if (rest != "") rest = rest ". "
		rest = rest (head[i] == "default" ? "Default: " : "") cell[i]
	}
	print ".It Xo"
	text(inline(lead) == "" ? "\\&" : inline(lead))
	print ".Xc"
	text(inline(rest) == "" ? "\\&" : inline(rest))
	next
}
/^[-*] |^[0-9]+\. / {
	flush()
	if (mode != "list") { leave(); mode = "list"; print ($0 ~ /^[0-9]/ ? ".Bl -enum" : ".Bl -bullet") }
	sub(/^[-*] +|^[0-9]+\. +/, "")
	print ".It"
	needpp = 0
	para = $0
	next
}
/^ +/ && mode == "list" { sub(/^ +/, ""); para = para " " $0; next }
/^$/ { if (mode == "list") flush(); else leave(); next }
{
	if (mode == "list" && para == "") leave()
	else if (mode != "" && mode != "list") leave()
	para = para == "" ? $0 : para " " $0
}
END { leave() }

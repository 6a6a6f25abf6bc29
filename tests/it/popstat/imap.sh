# IMAP and POP3 by Dovecot's servers, behind mailfront's logins; and IMAP without a login of its own (preauthenticated).
. tests/it/popstat/lib.sh
needs imapfront-auth pop3front-auth cvm-pwfile
needs_dovecot
mail 100
mail 2000000
cvm=$(command -v cvm-pwfile)
# session PROTOCOL NAME URL...: its bytes on the wire against its line
session() {
	proto=$1 name=$2
	shift 2
	wire
	for u; do
		set -- "$@" "$proto://127.0.0.1:$port/$u"
		shift
	done
	curl -s --max-time 60 --user u:pw "$@" | tr -d '\r' > "$tmp/got"
	bytes=$(wire_bytes)
	is "$(lines)" "mx1.example.net out: $proto@u@example.com|u@example.com|$bytes|success" "$name: $bytes bytes"
}
CAPABILITY=IMAP4rev1
export CAPABILITY CVM_SASL_PLAIN="$cvm"
serve imapfront-auth "$popstat" -d example.com imap "$dovecot/imap"
session imap 'a list of folders' ''
serve imapfront-auth "$popstat" -d example.com imap "$dovecot/imap"
session imap 'two messages' 'INBOX;MAILINDEX=1' 'INBOX;MAILINDEX=2'
cat "$tmp/mail.1" "$tmp/mail.2" | cmp - "$tmp/got"
ok $? 'which come through'
serve env USER=u@example.com "$popstat" imap "$dovecot/imap"
session imap 'preauthenticated' 'INBOX;MAILINDEX=2'
cmp "$tmp/mail.2" "$tmp/got"
ok $? 'the message comes through'
serve pop3front-auth "$cvm" "$popstat" -d example.com pop3 "$dovecot/pop3"
session pop3 'POP3' 2
cmp "$tmp/mail.2" "$tmp/got"
ok $? 'the message comes through'
finish

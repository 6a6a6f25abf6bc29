# A stand-in for qmail-smtpd and its neighbours, from the facts about them: for replies that no packaged server can be made to give.
# The local part of a recipient decides what becomes of it:
#	no, later, full, brt	refused at RCPT, in the words of chkuser and netqmail
#	virus, spam, mime, perm, temp, hops, big	the mail is refused, in the words of simscan and netqmail
#	mute, kill		the server ends without an answer; by a signal
#	discard			250, and thrown away
# Two seconds of silence within the mail are a timeout. A bare line feed in the mail ends the session.
# FLOOD N sends N kB of a reply and reads nothing meanwhile; SLEEP S reads nothing for a while; HALF ends the server's output, reads on,
# and writes what it read to $SMTPD_NOTES.
use strict;
use warnings;

$| = 1;
my ($mail, $fails, @rcpt, $in, $chunks) = (0, '');
sub out { my $t = shift; while (length $t) { my $n = syswrite STDOUT, $t; defined $n or exit 1; substr($t, 0, $n) = '' } }
sub more { sysread(STDIN, $in, 4096, length $in) or exit 1 }
sub line { while ($in !~ /\n/) { more() } $in =~ s/^(.*?)\r?\n//s; return $1 }

my %at_rcpt = (
	no => '550 5.1.1 sorry, no mailbox here by that name (chkuser)',
	later => '451 4.3.0 system temporary unavailable, try again later (chkuser)',
	full => '552 5.2.2 sorry, recipient mailbox is full (chkuser)',
	brt => "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
);
my %at_end = (
	virus => '554 Your email was rejected because it contains the Eicar-Test-Signature virus',
	spam => '554 Your email is considered spam (12.30 spam-hits)',
	mime => '554 Your email was rejected because it contains a bad attachment: .exe',
	perm => '554 mail server permanently rejected message (#5.3.0)',
	temp => '451 qq temporary problem (#4.3.0)',
	hops => '554 too many hops, this message is looping (#5.4.6)',
	big => '552 sorry, that message size exceeds my databytes limit (#5.3.4)',
	discard => '250 infected, thrown away',
);

sub verdict {
	for (@rcpt) {
		exit 0 if $_ eq 'mute';
		kill 9, $$ if $_ eq 'kill';
		return $at_end{$_} if $at_end{$_};
	}
	return '250 ok 1763880000 qp 4242';
}

sub data {
	out("354 go ahead\r\n");
	local $SIG{ALRM} = sub { out("451 timeout (#4.4.2)\r\n"); exit 1 };
	for (;;) {
		alarm 2;
		more() while $in !~ /\n/;
		alarm 0;
		$in =~ s/^(.*\n)//;
		my $l = $1;
		$l =~ /\r\n\z/ or out("451 See https://cr.yp.to/docs/smtplf.html.\r\n"), exit 1;
		last if $l eq ".\r\n";
	}
	out(verdict() . "\r\n");
	$mail = 0;
}

sub chunk {
	my ($n, $last) = $_[0] =~ /^(\d+)(?: (last))?$/i or return out("501 syntax\r\n");
	length $in < $n and more() while length $in < $n;
	substr($in, 0, $n) = '';
	return out("503 RCPT first\r\n") unless @rcpt;
	out(($last ? verdict() : "250 $n octets") . "\r\n");
	$mail = 0, @rcpt = () if $last;
}

$in = '';
out("220 mx.example.com ESMTP\r\n");
for (;;) {
	my $l = line();
	my ($verb, $arg) = $l =~ /^(\S*) *(.*)$/s;
	$verb = lc $verb;
	if ($verb eq 'ehlo') { out("250-mx.example.com\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME\r\n") }
	elsif ($verb eq 'helo') { out("250 mx.example.com\r\n") }
	elsif ($verb eq 'rset') { $mail = 0; @rcpt = (); out("250 flushed\r\n") }
	elsif ($verb eq 'mail') { $mail = 1; @rcpt = (); out($arg =~ /size=999/ ? "552 sorry, that message size exceeds my databytes limit (#5.3.4)\r\n" : "250 ok\r\n"); $mail = 0 if $arg =~ /size=999/ }
	elsif ($verb eq 'rcpt') {
		my ($local) = $arg =~ /<([^@>]*)/;
		if (!$mail) { out("503 MAIL first (#5.5.1)\r\n") }
		elsif ($at_rcpt{$local}) { out("$at_rcpt{$local}\r\n") }
		else { push @rcpt, $local; out("250 ok\r\n") }
	}
	elsif ($verb eq 'data') { @rcpt ? data() : out("503 RCPT first (#5.5.1)\r\n") }
	elsif ($verb eq 'bdat') { chunk($arg) }
	elsif ($verb eq 'auth') {
		if ($arg =~ /^login$/i) { out("334 VXNlcm5hbWU6\r\n"); line(); out("334 UGFzc3dvcmQ6\r\n"); line(); out("235 ok, go ahead (#2.0.0)\r\n") }
		elsif ($arg =~ /^plain \S/i) { out("535 authentication failed (#5.7.1)\r\n") }
		else { out("504 auth type unimplemented (#5.5.1)\r\n") }
	}
	elsif ($verb eq 'flood') { out("250-" . 'x' x 70 . "\r\n") for 1 .. $arg * 1024 / 76; out("250 done\r\n") }
	elsif ($verb eq 'sleep') { sleep $arg; out("250 awake\r\n") }
	elsif ($verb eq 'half') {
		out("250 half\r\n");
		close STDOUT;
		open my $f, '>', $ENV{SMTPD_NOTES} or die $!;
		shutdown(STDIN, 1);
		syswrite $f, line() . "\n";
		exit 7;
	}
	elsif ($verb eq 'quit') { out("221 mx.example.com\r\n"); exit 0 }
	else { out("502 unimplemented (#5.5.1)\r\n") }
}

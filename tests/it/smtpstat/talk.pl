# A client that says exactly what it is told: talk.pl PORT < SCRIPT. A script's lines:
#	> TEXT		sends TEXT CR LF
#	>> TEXT		sends TEXT, in which \r \n \0 \\ and \xHH are bytes
#	< 250		reads a reply, which must begin so
#	repeat N TEXT	sends TEXT, as >> does, N times in one go
#	half		ends our side
#	reset		breaks the connection off
#	eof		the other side must end now
#	sleep SECONDS
# Replies go to standard output. Exit 0, or 1 where something else came.
use strict;
use warnings;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER IPPROTO_TCP TCP_NODELAY);

$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { print "gave up\n"; exit 1 };
alarm 60;
$| = 1;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or die "cannot connect: $!";
setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;

sub bytes {
	my $t = shift;
	my %c = (r => "\r", n => "\n", 0 => "\0", '\\' => '\\');
	$t =~ s/\\(?:x([0-9a-f]{2})|(.))/defined $1 ? chr hex $1 : $c{$2}/ge;
	return $t;
}

sub say_all {
	my $t = shift;
	while (length $t) {
		my $n = syswrite $s, $t;
		return unless defined $n;
		substr($t, 0, $n) = '';
	}
}

my $read = '';
sub reply {
	my $got = '';
	for (;;) {
		while ($read =~ s/^(.*\n)//) {
			$got .= $1;
			return $got if $1 =~ /^\d\d\d[ \r\n]/;
		}
		sysread($s, $read, 65536, length $read) or return "$got$read(end)";
	}
}

while (<STDIN>) {
	chomp;
	if (/^> (.*)/) { say_all("$1\r\n") }
	elsif (/^>$/) { say_all("\r\n") }
	elsif (/^>> (.*)/) { say_all(bytes($1)) }
	elsif (/^repeat (\d+) (.*)/) { say_all(bytes($2) x $1) }
	elsif (/^< (.*)/) {
		my $r = reply();
		print $r;
		index($r, $1) == 0 or print("wanted $1\n"), exit 1;
	}
	elsif (/^half$/) { shutdown $s, 1 }
	elsif (/^reset$/) { setsockopt $s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0); close $s; exit 0 }
	elsif (/^eof$/) {
		my $n = $read eq '' ? sysread $s, $read, 65536 : 1;
		print("wanted the end\n"), exit 1 if $n;
	}
	elsif (/^sleep (.*)/) { select undef, undef, undef, $1 }
	elsif (/\S/) { die "what is $_?" }
}

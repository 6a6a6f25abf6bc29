# What mail_anlz does, in Perl: perl traffic.pl BEGIN END HOSTED STATS
use strict;
use warnings;
my ($begin, $end, $list, $stats) = @ARGV;
my (%hosted, %bytes, %hits);
open(my $h, '<', $list) or die "$list: $!\n";
while (<$h>) { chomp; $hosted{lc $_} = 1 }
close $h;
open(my $f, '<', $stats) or die "$stats: $!\n";
while (<$f>) {
	chomp;
	my ($head, $sender, $recipient, $size, $status, @more) = split /\|/, $_, -1;
	next if !defined $status || @more > 1;
	next unless $size =~ /^\d+$/ && $head =~ /^(?:.{15} \S+ (in|out)\[\d+\]: )?(\d+)$/;
	my ($out, $time) = (($1 // 'in') eq 'out', $2);
	next if $time < $begin || $time >= $end || (!$size && $status ne 'success');
	my $session = ($out || $head !~ / /) && $sender =~ /^(?:pop3|imap)\@.*\@./;
	my $who = $session || $out ? $sender : $recipient;
	my $at = rindex $who, '@';
	next if $at < 0;
	my $domain = lc substr $who, $at + 1;
	next unless $hosted{$domain};
	next if $out && !$session && $recipient =~ /\@([^\@]*)$/ && $hosted{lc $1};
	$bytes{$domain} += $size;
	$hits{$domain}++;
}
printf "|%s|%d|%d|0|\n", $_, int(($bytes{$_} + 1023) / 1024), $hits{$_} for sort keys %hits;

# How prove shows our tests: one line a test program, what failed in full, a sum at the end. The sum is
# also appended, as "passed failed", to the file named by QA_TALLY: boot/check adds up the tiers from it.
package Tally;
use strict;
use warnings;
use parent 'TAP::Formatter::Base';

sub open_test {
	my ($self, $name, $parser) = @_;
	return Tally::Session->new({name => $name, formatter => $self, parser => $parser});
}

sub summary {
	my ($self, $aggregate, $interrupted) = @_;
	my $failed = $aggregate->failed;
	# a program that died or miscounted has failed, even when each of its lines is ok
	$failed ||= 1 if $aggregate->has_errors || $interrupted;
	printf "%d passed, %d failed, %d files, %.1f s\n", scalar $aggregate->passed, $failed,
	    scalar @{[$aggregate->descriptions]}, $aggregate->elapsed->[0];
	if (my $file = $ENV{QA_TALLY}) {
		open my $out, '>>', $file or die "$file: $!";
		print $out scalar($aggregate->passed) . " $failed\n";
		close $out or die "$file: $!";
	}
}

package Tally::Session;
use parent 'TAP::Formatter::Session';

sub result {
	my ($self, $result) = @_;
	if ($result->is_test) {
		$self->{shown} = !$result->is_ok;
		push @{$self->{failures}}, $result->raw if $self->{shown};
	} elsif ($self->{shown} || !$result->is_plan) {
		# what stands after a failed line, and the last words of any program that fails
		push @{$self->{failures}}, $result->raw if $self->{shown};
		push @{$self->{words}}, $result->raw;
		shift @{$self->{words}} if @{$self->{words}} > 20;
	}
}

sub close_test {
	my ($self) = @_;
	my $p = $self->parser;
	my $bad = $p->has_problems;
	printf "%-6s %4d  %s\n", $bad ? 'FAILED' : $p->skip_all ? 'skip' : 'ok', $p->tests_run, $self->name;
	return unless $bad;
	my $said = $self->{failures} || $self->{words} || [];
	print "    $_\n" for @$said;
	print "    # exit status " . $p->exit . ", signal " . ($p->wait & 127) . "\n" if $p->wait;
	print "    # planned " . $p->tests_planned . ", ran " . $p->tests_run . "\n"
	    if defined $p->tests_planned && $p->tests_planned != $p->tests_run;
}

1;

# qpsmtpd under tcpserver: Debian packages its library and plugins, but not the program for this. QPSMTPD_CONFIG names its settings.
use strict;
use warnings;
use IO::Socket;
use Qpsmtpd::TcpServer;
use Qpsmtpd::Constants;

my $client = IO::Socket->new_from_fd(0, 'r+') or die "descriptor 0 is no socket: $!";
my $server = Qpsmtpd::TcpServer->new();
$SIG{ALRM} = sub { $server->respond(421, "timeout; I can't wait that long..."); exit 1 };
$| = 1;
$server->load_plugins;
$server->start_connection();
$server->run($client);

# For a test: each connection of HTTP::Tiny leads to one port of this machine, whichever host it is for. Over TLS it still
# has to be that host.
package toserver;
use strict;
use warnings;
no warnings 'redefine';
use HTTP::Tiny;

my $connect = \&HTTP::Tiny::Handle::connect;
*HTTP::Tiny::Handle::connect = sub {
    my ($self, $scheme, $host, $port) = @_;
    die "The definitions lead to port 443.\n" unless $scheme eq 'https' && $port == 443;
    my $handle = $connect->($self, $scheme, $host, $ENV{TO_PORT}, '127.0.0.1');
    ($handle->{port}, $handle->{peer}) = ($port, $host);
    return $handle;
};
1;

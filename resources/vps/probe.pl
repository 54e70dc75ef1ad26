# Tells what this machine reaches, on standard output; changes nothing. Run as: perl - (this text, __END__, questions).
# Needs perl-base only.
#
# Questions, one a line, each with its own time limit in milliseconds:
#   resolve LIMIT NAME
#   connect LIMIT ADDRESS PORT
# Answers, one a line, in any order; NUMBER counts the questions from 0, TIME is in milliseconds; the last line is "end":
#   NUMBER resolved TIME ADDRESS...     none: the name has no address
#   NUMBER unresolved TIME REASON       EAI_AGAIN, EAI_FAIL ... or TIMEOUT
#   NUMBER connected TIME
#   NUMBER unconnected TIME REASON      ECONNREFUSED, ENETUNREACH ... or TIMEOUT
use strict;
use warnings;
use Errno ();
use POSIX ();
use Socket qw(:addrinfo AF_INET AF_INET6 SOCK_STREAM SOL_SOCKET SO_ERROR inet_pton inet_ntop pack_sockaddr_in
    pack_sockaddr_in6 unpack_sockaddr_in unpack_sockaddr_in6);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);

# At most so many at once: a resolver runs as a process of its own, since getaddrinfo knows no time limit.
my %room = (resolve => 16, connect => 128);

# perl-base alone has no clock finer than the tick.
my $clock = eval { require Time::HiRes; Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) }
    ? sub { int(1000 * Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC())) }
    : do { my $tick = POSIX::sysconf(POSIX::_SC_CLK_TCK()); sub { int(1000 * (POSIX::times())[0] / $tick) } };

$| = 1;
$SIG{PIPE} = 'IGNORE';
my (@waiting, %running);
my $number = 0;
while (my $line = <DATA>) {
    chomp $line;
    next if $line eq '';
    if ($line =~ /^resolve (\d{1,6}) ([a-z0-9-]+(?:\.[a-z0-9-]+)*)$/) {
        push @waiting, { number => $number++, kind => 'resolve', limit => $1, name => $2 };
    }
    elsif ($line =~ /^connect (\d{1,6}) ([0-9a-f.:]+) (\d{1,5})$/) {
        push @waiting, { number => $number++, kind => 'connect', limit => $1, address => $2, port => $3 };
    }
    else { print STDERR "probe: bad question\n"; exit 2; }
}

while (@waiting || %running) {
    # Start what there is room for.
    my %busy = (resolve => 0, connect => 0);
    $busy{ $_->{kind} }++ for values %running;
    my @later;
    for my $task (@waiting) {
        if ($busy{ $task->{kind} } >= $room{ $task->{kind} }) { push @later, $task; next; }
        $task->{start} = $clock->();
        my $why = $task->{kind} eq 'resolve' ? start_resolve($task) : start_connect($task);
        if (defined $why) { done($task, $why); next; }
        $busy{ $task->{kind} }++;
        $running{ $task->{number} } = $task;
    }
    @waiting = @later;
    next unless %running;

    # Wait for the first answer or time limit.
    my ($read, $write) = ('', '');
    my $now  = $clock->();
    my $wait = 1000;
    for my $task (values %running) {
        my $left = $task->{start} + $task->{limit} - $now;
        $wait = $left if $left < $wait;
        vec($task->{kind} eq 'resolve' ? $read : $write, fileno($task->{handle}), 1) = 1;
    }
    my $ready = select($read, $write, undef, $wait > 0 ? $wait / 1000 : 0);
    ($read, $write) = ('', '') unless defined $ready && $ready > 0;
    for my $task (sort { $a->{number} <=> $b->{number} } values %running) {
        my $set = $task->{kind} eq 'resolve' ? $read : $write;
        my $why;
        if (vec($set, fileno($task->{handle}), 1)) {
            $why = $task->{kind} eq 'resolve' ? take_resolved($task) : take_connected($task);
        }
        $why //= 'TIMEOUT' if $clock->() - $task->{start} >= $task->{limit};
        next unless defined $why;
        if ($task->{child}) { kill('KILL', $task->{child}); waitpid($task->{child}, 0); }
        close($task->{handle});
        delete $running{ $task->{number} };
        done($task, $why);
    }
}
print "end\n";

# $why: empty where it went well.
sub done {
    my ($task, $why) = @_;
    my $word = $task->{kind} eq 'resolve' ? 'resolved' : 'connected';
    $word = "un$word" if $why ne '';
    my @more = $why ne '' ? $why : @{ $task->{addresses} // [] };
    print join(' ', $task->{number}, $word, $clock->() - $task->{start}, @more), "\n";
}

# The name of an errno; of its two names where it has two, the first by the alphabet (EAGAIN).
sub errno_name {
    local $! = $_[0];
    my ($name) = sort grep { $!{$_} } keys %!;
    return $name // "E$_[0]";
}

# Both start functions give the reason where they fail, and nothing where the answer is still to come.

sub start_connect {
    my ($task) = @_;
    my $family = $task->{address} =~ /:/ ? AF_INET6 : AF_INET;
    my $packed = inet_pton($family, $task->{address}) // return 'EINVAL';
    my $to = $family == AF_INET6 ? pack_sockaddr_in6($task->{port}, $packed) : pack_sockaddr_in($task->{port}, $packed);
    socket(my $socket, $family, SOCK_STREAM, 0) or return errno_name($! + 0);
    fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK) or return errno_name($! + 0);
    return '' if connect($socket, $to);
    return errno_name($! + 0) unless $!{EINPROGRESS};
    $task->{handle} = $socket;
    return undef;
}

sub take_connected {
    my ($task) = @_;
    my $error = unpack('i', getsockopt($task->{handle}, SOL_SOCKET, SO_ERROR) // pack('i', $! + 0));
    return $error ? errno_name($error) : '';
}

sub start_resolve {
    my ($task) = @_;
    pipe(my $read, my $write) or return errno_name($! + 0);
    my $child = fork();
    return errno_name($! + 0) unless defined $child;
    if (!$child) {
        print_resolved($write, $task->{name});
        POSIX::_exit(0);
    }
    close($write);
    @$task{qw(handle child text)} = ($read, $child, '');
    return undef;
}

# The child's part: what programs of this machine get for the name, both families. It writes a reason or addresses.
sub print_resolved {
    my ($write, $name) = @_;
    my ($error, @found) = getaddrinfo($name, '', { socktype => SOCK_STREAM });
    my $text = '';
    if ($error) {
        my %known = (
            EAI_AGAIN()  => 'EAI_AGAIN',
            EAI_FAIL()   => 'EAI_FAIL',
            EAI_FAMILY() => 'EAI_FAMILY',
            # The name is not there, or has no address: both mean that there is none.
            EAI_NONAME() => '', EAI_NODATA() => '', EAI_ADDRFAMILY() => '',
        );
        $text = $known{ $error + 0 } // 'EAI_OTHER';
    }
    else {
        my %told;
        for (@found) {
            my $six = $_->{family} == AF_INET6;
            next unless $six || $_->{family} == AF_INET;
            my $bytes = $six ? (unpack_sockaddr_in6($_->{addr}))[1] : (unpack_sockaddr_in($_->{addr}))[1];
            $told{ inet_ntop($_->{family}, $bytes) } = 1;
        }
        $text = join(' ', sort keys %told);
    }
    syswrite($write, "$text\n");
}

sub take_resolved {
    my ($task) = @_;
    my $got = sysread($task->{handle}, $task->{text}, 65536, length($task->{text}));
    return undef if !defined $got && $!{EINTR};
    return undef if $got && $task->{text} !~ /\n\z/;
    return 'EAI_SYSTEM' unless $task->{text} =~ /\n\z/;
    chomp(my $text = $task->{text});
    return $text if $text =~ /^EAI_/;
    $task->{addresses} = [split / /, $text];
    return '';
}

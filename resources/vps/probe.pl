# Tells what this machine reaches, on standard output; changes nothing. Run as: perl - (this text, __END__, questions).
# Needs perl-base only.
#
# Questions, one a line, each with its own time limit in milliseconds:
#   resolve LIMIT NAME                  as programs do: all addresses
#   lookup LIMIT NAME                   AAAA, asked of the resolver itself
#   connect LIMIT ADDRESS PORT
#   unless OTHER connect LIMIT ADDRESS PORT
#                                       given up as soon as question OTHER is connected
#   greet LIMIT ADDRESS PORT MSS HEX    connects with segments of at most MSS octets (0: as they are), sends the bytes,
#                                       waits for the first ones that come back
# Answers, one a line, in any order; NUMBER counts the questions from 0, TIME is in milliseconds; the last line is "end":
#   NUMBER resolved TIME ADDRESS...     none: the name has no address
#   NUMBER unresolved TIME REASON       EAI_AGAIN, EAI_FAIL ... or TIMEOUT
#   NUMBER lookedup TIME RCODE BOGUS TTL SERVER ADDRESS...
#                                       BOGUS 1: refused by DNSSEC, the addresses are those of an answer unchecked
#   NUMBER unlookedup TIME REASON       of the last server
#   NUMBER connected TIME
#   NUMBER unconnected TIME REASON      ECONNREFUSED, ENETUNREACH ... or TIMEOUT
#   NUMBER skipped TIME                 since OTHER is connected
#   NUMBER greeted TIME
#   NUMBER ungreeted TIME REASON
use strict;
use warnings;
use Errno ();
use POSIX ();
use Socket qw(:addrinfo AF_INET AF_INET6 SOCK_STREAM SOCK_DGRAM SOL_SOCKET SO_ERROR IPPROTO_TCP TCP_MAXSEG inet_pton
    inet_ntop pack_sockaddr_in pack_sockaddr_in6 unpack_sockaddr_in unpack_sockaddr_in6);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);

# At most so many at once: a resolver runs as a process of its own, since getaddrinfo knows no time limit.
my %room = (resolve => 16, lookup => 16, connect => 128, greet => 64);
my %reads = (resolve => 1, lookup => 1);    # a child's pipe; greet reads once it has sent
my %word  = (resolve => 'resolved', lookup => 'lookedup', connect => 'connected', greet => 'greeted');
my %connected;

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
    if ($line =~ /^(resolve|lookup) (\d{1,6}) ([a-z0-9-]+(?:\.[a-z0-9-]+)*)$/) {
        push @waiting, { number => $number++, kind => $1, limit => $2, name => $3 };
    }
    elsif ($line =~ /^(?:unless (\d{1,6}) )?connect (\d{1,6}) ([0-9a-f.:]+) (\d{1,5})$/) {
        push @waiting, { number => $number++, kind => 'connect', unless => $1, limit => $2, address => $3, port => $4 };
    }
    elsif ($line =~ /^greet (\d{1,6}) ([0-9a-f.:]+) (\d{1,5}) (\d{1,5}) ((?:[0-9a-f]{2}){1,2048})$/) {
        push @waiting, { number => $number++, kind => 'greet', limit => $1, address => $2, port => $3, mss => $4,
            bytes => pack('H*', $5) };
    }
    else { print STDERR "probe: bad question\n"; exit 2; }
}

while (@waiting || %running) {
    # Start what there is room for.
    my %busy = map { $_ => 0 } keys %room;
    $busy{ $_->{kind} }++ for values %running;
    my @later;
    for my $task (@waiting) {
        if ($busy{ $task->{kind} } >= $room{ $task->{kind} }) { push @later, $task; next; }
        $task->{start} = $clock->();
        if (defined $task->{unless} && $connected{ $task->{unless} }) { done($task, 'skipped'); next; }
        my $why = $reads{ $task->{kind} } ? start_child($task) : start_connect($task);
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
        vec($reads{ $task->{kind} } || $task->{sent} ? $read : $write, fileno($task->{handle}), 1) = 1;
    }
    my $ready = select($read, $write, undef, $wait > 0 ? $wait / 1000 : 0);
    ($read, $write) = ('', '') unless defined $ready && $ready > 0;
    for my $task (sort { $a->{number} <=> $b->{number} } values %running) {
        my $set = $reads{ $task->{kind} } || $task->{sent} ? $read : $write;
        my $why;
        if (defined $task->{unless} && $connected{ $task->{unless} }) { $why = 'skipped'; }
        elsif (vec($set, fileno($task->{handle}), 1)) {
            $why = $reads{ $task->{kind} } ? take_line($task) : $task->{kind} eq 'greet' ? greet($task) : take_connected($task);
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
    my $word = $word{ $task->{kind} };
    $connected{ $task->{number} } = 1 if $word eq 'connected' && $why eq '';
    if ($why eq 'skipped') { print join(' ', $task->{number}, $why, $clock->() - $task->{start}), "\n"; return; }
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
    setsockopt($socket, IPPROTO_TCP, TCP_MAXSEG, pack('i', $task->{mss})) if $task->{mss};
    if (connect($socket, $to)) { $task->{handle} = $socket; return $task->{kind} eq 'greet' ? undef : ''; }
    return errno_name($! + 0) unless $!{EINPROGRESS};
    $task->{handle} = $socket;
    return undef;
}

# The connection is made, or there is an answer to what was sent.
sub greet {
    my ($task) = @_;
    if (!$task->{sent}) {
        my $why = take_connected($task);
        return $why if $why ne '';
        syswrite($task->{handle}, $task->{bytes}) or return errno_name($! + 0);
        $task->{sent} = 1;
        return undef;
    }
    my $got = sysread($task->{handle}, my $bytes, 16);
    return undef if !defined $got && ($!{EINTR} || $!{EAGAIN});
    return defined $got ? ($got ? '' : 'ECONNRESET') : errno_name($! + 0);
}

sub take_connected {
    my ($task) = @_;
    my $error = unpack('i', getsockopt($task->{handle}, SOL_SOCKET, SO_ERROR) // pack('i', $! + 0));
    return $error ? errno_name($error) : '';
}

sub start_child {
    my ($task) = @_;
    pipe(my $read, my $write) or return errno_name($! + 0);
    my $child = fork();
    return errno_name($! + 0) unless defined $child;
    if (!$child) {
        if ($task->{kind} eq 'resolve') { print_resolved($write, $task->{name}); }
        else                            { print_looked_up($write, $task->{name}); }
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

# The child's part, too: what the resolvers of this machine say, in their order, each with a second to answer.
sub print_looked_up {
    my ($write, $name) = @_;
    my @servers;
    if (open(my $in, '<', '/etc/resolv.conf')) {
        while (<$in>) { push @servers, $1 if /^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$/ && @servers < 3; }
    }
    my $why = 'ENOENT';
    for my $server (@servers) {
        my ($rcode, $ttl, @found) = ask($server, $name, 0);
        if (!defined $rcode) { $why = $ttl; next; }
        my $bogus = 0;
        if ($rcode == 2) {
            my ($unchecked, $left, @more) = ask($server, $name, 1);
            ($bogus, $ttl, @found) = (1, $left, @more) if defined $unchecked && $unchecked == 0;
        }
        syswrite($write, join(' ', $rcode, $bogus, $ttl, lc $server, @found) . "\n");
        return;
    }
    syswrite($write, "!$why\n");
}

# One AAAA question by UDP (RFC 1035); code, least time to live and addresses, or nothing and the reason.
sub ask {
    my ($server, $name, $unchecked) = @_;
    my $six    = $server =~ /:/;
    my $packed = inet_pton($six ? AF_INET6 : AF_INET, $server) // return (undef, 'EINVAL');
    socket(my $socket, $six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0) or return (undef, errno_name($! + 0));
    connect($socket, $six ? pack_sockaddr_in6(53, $packed) : pack_sockaddr_in(53, $packed))
        or return (undef, errno_name($! + 0));
    my $id    = int(rand(65536));
    my $query = pack('n6', $id, $unchecked ? 0x0110 : 0x0100, 1, 0, 0, 0) . join('', map { pack('C/a', $_) } split /\./, $name)
        . pack('Cn2', 0, 28, 1);
    syswrite($socket, $query) or return (undef, errno_name($! + 0));
    my $until = $clock->() + 1000;
    while ((my $left = $until - $clock->()) > 0) {
        my $set = '';
        vec($set, fileno($socket), 1) = 1;
        next unless select($set, undef, undef, $left / 1000) > 0;
        defined sysread($socket, my $reply, 4096) or return (undef, errno_name($! + 0));
        my @answer = parse_reply($reply, $id);
        return @answer if @answer;
    }
    return (undef, 'TIMEOUT');
}

# Nothing where it is no answer to this question.
sub parse_reply {
    my ($reply, $id) = @_;
    return () if length($reply) < 12;
    my ($got, $flags, $questions, $answers) = unpack('n4', $reply);
    return () if $got != $id || !($flags & 0x8000) || $questions != 1;
    my $at   = skip_name($reply, 12) // return ();
    my $ttl  = 0;
    my @found;
    $at += 4;
    for (1 .. $answers) {
        $at = skip_name($reply, $at) // last;
        last if $at + 10 > length($reply);
        my ($type, $class, $left, $size) = unpack('n2Nn', substr($reply, $at, 10));
        $at += 10;
        last if $at + $size > length($reply);
        if ($type == 28 && $class == 1 && $size == 16 && @found < 32) {
            push @found, inet_ntop(AF_INET6, substr($reply, $at, 16));
            $ttl = $left if @found == 1 || $left < $ttl;
        }
        $at += $size;
    }
    return ($flags & 15, $ttl & 0x7fffffff, sort @found);
}

sub skip_name {
    my ($reply, $at) = @_;
    for (1 .. 128) {
        return undef if $at >= length($reply);
        my $size = ord(substr($reply, $at, 1));
        return $at + 2 if $size >= 192;
        return $at + 1 if $size == 0;
        $at += 1 + $size;
    }
    return undef;
}

sub take_line {
    my ($task) = @_;
    my $got = sysread($task->{handle}, $task->{text}, 65536, length($task->{text}));
    return undef if !defined $got && $!{EINTR};
    return undef if $got && $task->{text} !~ /\n\z/;
    return 'EAI_SYSTEM' unless $task->{text} =~ /\n\z/;
    chomp(my $text = $task->{text});
    return $text if $text =~ /^EAI_/;
    return $1 if $text =~ /^!(.*)/;
    $task->{addresses} = [split / /, $text];
    return '';
}

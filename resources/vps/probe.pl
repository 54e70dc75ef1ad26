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
#   NUMBER resolved TIME ADDRESS...     at most 64; none: the name has no address
#   NUMBER unresolved TIME REASON       EAI_AGAIN, EAI_FAIL ... or TIMEOUT
#   NUMBER lookedup TIME RCODE BOGUS TTL SERVER ADDRESS...
#                                       BOGUS 1: refused by DNSSEC, the addresses are those of an answer unchecked;
#                                       TTL at most 999999999, at most 64 addresses
#   NUMBER unlookedup TIME REASON       of the last server; EBADMSG: no DNS message, ELOOP: aliases without an end
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
my $most_addresses = 64;    # of one name; the reader takes no more
my $most_aliases   = 16;

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
        $text = join(' ', first_of(sort keys %told));
    }
    syswrite($write, "$text\n");
}

sub first_of { return @_ > $most_addresses ? @_[0 .. $most_addresses - 1] : @_; }

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

# One AAAA question by UDP, by TCP where the answer does not fit (RFC 1035, 7766); code, least time to live and addresses,
# or nothing and the reason.
sub ask {
    my ($server, $name, $unchecked) = @_;
    my $six    = $server =~ /:/;
    my $family = $six ? AF_INET6 : AF_INET;
    my $packed = inet_pton($family, $server) // return (undef, 'EINVAL');
    my $to     = $six ? pack_sockaddr_in6(53, $packed) : pack_sockaddr_in(53, $packed);
    socket(my $socket, $family, SOCK_DGRAM, 0) or return (undef, errno_name($! + 0));
    connect($socket, $to) or return (undef, errno_name($! + 0));
    my $id       = int(rand(65536));
    my $question = join('', map { pack('C/a', $_) } split /\./, $name) . pack('Cn2', 0, 28, 1);
    my $query    = pack('n6', $id, $unchecked ? 0x0110 : 0x0100, 1, 0, 0, 0) . $question;
    syswrite($socket, $query) or return (undef, errno_name($! + 0));
    my $until = $clock->() + 1000;
    while ($clock->() < $until) {
        next unless ready($socket, 0, $until);
        defined sysread($socket, my $reply, 65535) or return (undef, errno_name($! + 0));
        # What is no answer to this question was sent by somebody else, or late.
        next unless answers_to($reply, $id, $question);
        if (truncated($reply)) {
            ($reply, my $why) = by_tcp($family, $to, $query, $until);
            return (undef, $why) if $why;
            return (undef, 'EBADMSG') if !answers_to($reply, $id, $question) || truncated($reply);
        }
        return parse_reply($reply, $question);
    }
    return (undef, 'TIMEOUT');
}

sub ready {
    my ($socket, $to_write, $until) = @_;
    my $set = '';
    vec($set, fileno($socket), 1) = 1;
    my $left = $until - $clock->();
    return $left > 0 && select($to_write ? undef : $set, $to_write ? $set : undef, undef, $left / 1000) > 0;
}

# The answer; or nothing and the reason.
sub by_tcp {
    my ($family, $to, $query, $until) = @_;
    socket(my $socket, $family, SOCK_STREAM, 0) or return (undef, errno_name($! + 0));
    fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK) or return (undef, errno_name($! + 0));
    connect($socket, $to) or $!{EINPROGRESS} or return (undef, errno_name($! + 0));
    ready($socket, 1, $until) or return (undef, 'TIMEOUT');
    my $why = take_connected({ handle => $socket });
    return (undef, $why) if $why ne '';
    syswrite($socket, pack('n/a', $query)) or return (undef, errno_name($! + 0));
    my $bytes = '';
    while (length($bytes) < 2 || length($bytes) < 2 + unpack('n', $bytes)) {
        ready($socket, 0, $until) or return (undef, 'TIMEOUT');
        my $got = sysread($socket, $bytes, 65537 - length($bytes), length($bytes));
        next if !defined $got && ($!{EINTR} || $!{EAGAIN});
        return (undef, defined $got ? 'ECONNRESET' : errno_name($! + 0)) unless $got;
    }
    return unpack('n/a', $bytes);
}

sub answers_to {
    my ($reply, $id, $question) = @_;
    return 0 if length($reply) < 12;
    my ($got, $flags, $questions) = unpack('n3', $reply);
    # An answer (QR) to a query (OPCODE 0).
    return $got == $id && ($flags & 0xf800) == 0x8000 && $questions == 1
        && lc(substr($reply, 12, length($question))) eq $question;
}

sub truncated { return unpack('x2 n', $_[0]) & 0x0200; }

# The addresses at the end of the name's aliases (CNAME). What an answer says about other names does not count.
sub parse_reply {
    my ($reply, $question) = @_;
    my ($flags, $answers) = unpack('x2 n x2 n', $reply);
    my $at = 12 + length($question);
    my (%alias, %found, %least);
    for (1 .. $answers) {
        (my $owner, $at) = read_name($reply, $at);
        return (undef, 'EBADMSG') if !defined $owner || $at + 10 > length($reply);
        my ($type, $class, $left, $size) = unpack('n2Nn', substr($reply, $at, 10));
        $at += 10;
        return (undef, 'EBADMSG') if $at + $size > length($reply);
        if ($class == 1 && ($type == 5 || $type == 28 && $size == 16)) {
            # RFC 2181, section 8.
            $left = 0         if $left > 0x7fffffff;
            $left = 999999999 if $left > 999999999;
            $least{$owner} = $left if !defined $least{$owner} || $left < $least{$owner};
            if   ($type == 28) { $found{$owner}{ inet_ntop(AF_INET6, substr($reply, $at, 16)) } = 1; }
            else               { $alias{$owner} = (read_name($reply, $at))[0] // return (undef, 'EBADMSG'); }
        }
        $at += $size;
    }
    my $name = substr($question, 0, length($question) - 5);
    my $ttl;
    for (0 .. $most_aliases) {
        $ttl = $least{$name} if defined $least{$name} && (!defined $ttl || $least{$name} < $ttl);
        return ($flags & 15, $ttl, first_of(sort keys %{ $found{$name} })) if $found{$name};
        return ($flags & 15, 0) unless defined $alias{$name};
        $name = $alias{$name};
    }
    return (undef, 'ELOOP');
}

# The labels of a name in lower case, without its end, and what is behind it; nothing where there is no name. A pointer
# leads to what stands before it, so that there is an end; a name has no more of them than labels.
sub read_name {
    my ($reply, $at) = @_;
    my ($labels, $first, $pointers, $behind) = ('', $at, 0);
    while ($at < length($reply)) {
        my $size = ord(substr($reply, $at, 1));
        if ($size >= 192) {
            return () if $at + 2 > length($reply);
            $behind //= $at + 2;
            $at = unpack('n', substr($reply, $at, 2)) & 0x3fff;
            return () if $at >= $first || ++$pointers > 127;
            $first = $at;
            next;
        }
        return (lc $labels, $behind // $at + 1) if $size == 0;
        return () if $size > 63 || $at + 1 + $size > length($reply) || length($labels) + 1 + $size > 254;
        $labels .= substr($reply, $at, 1 + $size);
        $at += 1 + $size;
    }
    return ();
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

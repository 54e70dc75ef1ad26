# Part of run.pl and of acme/hook.pl, which bring slurp(): questions to name servers.

# Addresses of the servers of the zone that holds the name, at most six.
sub zone_servers {
    my ($name) = @_;
    require Socket;
    for (my $zone = $name; $zone =~ /\./; $zone =~ s/^[^.]+\.//) {
        my @hosts;
        for my $resolver (resolvers_here()) {
            my $said = dns_ask($resolver, $zone, 2, 1) // next;
            @hosts = map { $_->[1] == 2 && $_->[0] eq $zone ? $_->[2] : () } @{ $said->{records} };
            last;
        }
        next unless @hosts;
        my %once;
        for my $host (@hosts) {
            my ($error, @found) = Socket::getaddrinfo($host, '', { socktype => Socket::SOCK_DGRAM() });
            for (@found) {
                my $six   = $_->{family} == Socket::AF_INET6();
                my $bytes = $six ? (Socket::unpack_sockaddr_in6($_->{addr}))[1] : (Socket::unpack_sockaddr_in($_->{addr}))[1];
                $once{ Socket::inet_ntop($_->{family}, $bytes) } //= keys %once;
            }
        }
        my @all = sort { $once{$a} <=> $once{$b} } keys %once;
        return @all > 6 ? @all[0 .. 5] : @all;
    }
    return ();
}

sub resolvers_here { return -f '/etc/resolv.conf' ? slurp('/etc/resolv.conf') =~ /^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$/mg : (); }

# One question by UDP, by TCP where the answer does not fit: { code, records => [[owner, type, value]…] } of the answer
# section with A, NS, CNAME, AAAA and TXT, names in lower case, the same of the authority section, and whether the server
# answers with authority (own); nothing where there is none in two seconds.
sub dns_ask {
    my ($server, $name, $type, $recursive) = @_;
    require Socket;
    my $six    = $server =~ /:/;
    my $family = $six ? Socket::AF_INET6() : Socket::AF_INET();
    my $packed = Socket::inet_pton($family, $server) // return undef;
    my $to     = $six ? Socket::pack_sockaddr_in6(53, $packed) : Socket::pack_sockaddr_in(53, $packed);
    return undef if grep { length > 63 || !length } split /\./, $name, -1;
    my $id       = int rand 65536;
    my $question = join('', map { pack('C/a', $_) } split /\./, lc $name) . pack('Cn2', 0, $type, 1);
    my $query    = pack('n6', $id, $recursive ? 0x0100 : 0, 1, 0, 0, 0) . $question;
    for my $stream (0, 1) {
        socket(my $socket, $family, $stream ? Socket::SOCK_STREAM() : Socket::SOCK_DGRAM(), 0) or return undef;
        # The kernel's own time limit holds for connect and send, too.
        setsockopt($socket, Socket::SOL_SOCKET(), Socket::SO_SNDTIMEO(), pack('l!l!', 2, 0));
        connect($socket, $to) or return undef;
        syswrite($socket, $stream ? pack('n/a', $query) : $query) or return undef;
        my ($reply, $until) = ('', time + 3);
        while (1) {
            my $ready = '';
            vec($ready, fileno($socket), 1) = 1;
            my $left = $until - time;
            return undef if $left <= 0 || select($ready, undef, undef, $left > 2 ? 2 : $left) <= 0;
            my $got = sysread($socket, $reply, 65537, $stream ? length($reply) : 0);
            return undef unless $got;
            last if !$stream && answers_question($reply, $id, $question);
            last if $stream && length($reply) >= 2 && length($reply) >= 2 + unpack('n', $reply);
        }
        $reply = unpack('n/a', $reply) if $stream;
        return undef unless answers_question($reply, $id, $question);
        next if !$stream && unpack('x2 n', $reply) & 0x0200;
        return records_of($reply, 12 + length $question);
    }
    return undef;
}

sub answers_question {
    my ($reply, $id, $question) = @_;
    return 0 if length($reply) < 12 + length $question;
    my ($got, $flags, $questions) = unpack('n3', $reply);
    return $got == $id && ($flags & 0xf800) == 0x8000 && $questions == 1 && lc(substr($reply, 12, length $question)) eq $question;
}

sub records_of {
    my ($reply, $at) = @_;
    my ($flags, $answers, $more) = unpack('x2 n x2 n n', $reply);
    my %is = (code => $flags & 15, own => $flags & 0x0400 ? 1 : 0, records => [], authority => []);
    for my $number (1 .. $answers + $more) {
        (my $record, $at) = record_at($reply, $at);
        # What is odd in the authority section is nothing to rely on, and no reason to give up the answer.
        if (!defined $at) { last if $number > $answers; return undef; }
        push @{ $is{ $number > $answers ? 'authority' : 'records' } }, $record if $record;
    }
    return \%is;
}

# A record, if it is of a type that is known here, and what is behind it; nothing where there is none.
sub record_at {
    my ($reply, $at) = @_;
    (my $owner, $at) = dns_name($reply, $at);
    return () if !defined $owner || $at + 10 > length $reply;
    my ($type, $class, undef, $size) = unpack('n2Nn', substr($reply, $at, 10));
    $at += 10;
    return () if $at + $size > length $reply;
    my $value;
    if    ($class != 1) { }
    elsif ($type == 1  && $size == 4)  { $value = Socket::inet_ntop(Socket::AF_INET(), substr($reply, $at, 4)); }
    elsif ($type == 28 && $size == 16) { $value = Socket::inet_ntop(Socket::AF_INET6(), substr($reply, $at, 16)); }
    elsif ($type == 16) { $value = join('', unpack('(C/a)*', substr($reply, $at, $size))); }
    elsif ($type == 2 || $type == 5) { $value = (dns_name($reply, $at))[0] // return (); }
    return (defined $value ? [$owner, $type, $value] : undef, $at + $size);
}

# A name in lower case and what is behind it; nothing where there is none that a program would take. Pointers lead back.
sub dns_name {
    my ($reply, $at) = @_;
    my ($first, $behind, @labels) = ($at);
    while ($at < length $reply && @labels < 128) {
        my $size = ord(substr($reply, $at, 1));
        if ($size >= 192) {
            return () if $at + 2 > length $reply;
            $behind //= $at + 2;
            $at = unpack('n', substr($reply, $at, 2)) & 0x3fff;
            return () if $at >= $first;
            $first = $at;
            next;
        }
        if ($size == 0) {
            my $name = lc join '.', @labels;
            return $name =~ /^[a-z0-9_.-]{0,253}$/ ? ($name, $behind // $at + 1) : ();
        }
        return () if $size > 63 || $at + 1 + $size > length $reply;
        push @labels, substr($reply, $at + 1, $size);
        $at += 1 + $size;
    }
    return ();
}

# Part of push/daemon.pl: what the resolver itself says, past /etc/hosts.

# A line an upstream that was answered: its name, its addresses. Ends where no resolver answers.
sub look_up_all {
    my (@names) = @_;
    my $text = '';
    for my $name (@names) {
        my @found = eval { look_up($name, 1) };
        last if $@;
        $text .= join(' ', $name, @found) . "\n";
    }
    return $text;
}

# The AAAA of a name, at most four; none also where nothing is answered, but with $or_die.
sub look_up {
    my ($name, $or_die) = @_;
    my @servers = resolvers('/etc/resolv.conf');
    # systemd's own one answers from /etc/hosts; those that it asks do not.
    @servers = resolvers('/run/systemd/resolve/resolv.conf') if @servers && !grep { !/^127\.0\.0\.5[34]$/ } @servers;
    for my $server (@servers > 3 ? @servers[0 .. 2] : @servers) {
        my $found = asked($server, $name) // next;
        return @$found > 4 ? @$found[0 .. 3] : @$found;
    }
    die "no answer\n" if $or_die;
    return ();
}

sub resolvers { return slurp($_[0]) =~ /^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$/mg; }

# One question by UDP; what does not fit into the answer is more than an upstream name may have.
sub asked {
    my ($server, $name) = @_;
    my $family = $server =~ /:/ ? AF_INET6 : AF_INET;
    my $packed = inet_pton($family, $server) // return undef;
    my $to = $family == AF_INET6 ? pack_sockaddr_in6(53, $packed) : pack_sockaddr_in(53, $packed);
    socket(my $asking, $family, SOCK_DGRAM, 0) or return undef;
    connect($asking, $to) or return undef;
    my $id       = int rand 65536;
    my $question = join('', map { pack('C/a', $_) } split /\./, $name) . pack('Cn2', 0, 28, 1);
    syswrite($asking, pack('n6', $id, 0x0100, 1, 0, 0, 0) . $question) or return undef;
    my $until = now() + 1000;
    while ((my $left = $until - now()) > 0) {
        my $set = '';
        vec($set, fileno($asking), 1) = 1;
        next unless select($set, undef, undef, $left / 1000) > 0;
        defined sysread($asking, my $reply, 65535) or return undef;
        next if length $reply < 12 + length $question;
        my ($got, $flags, $questions, $answers) = unpack('n4', $reply);
        # What is no answer to this question was sent by somebody else, or late.
        next unless $got == $id && ($flags & 0xf800) == 0x8000 && $questions == 1
            && lc(substr($reply, 12, length $question)) eq $question;
        return undef if $flags & 0x0200;
        my $code = $flags & 15;
        return $code == 0 ? addresses_in($reply, 12 + length $question, $answers) : $code == 3 ? [] : undef;
    }
    return undef;
}

# The resolver has followed aliases; whose the addresses are does not matter, since they are proven before they count.
sub addresses_in {
    my ($reply, $at, $answers) = @_;
    my @found;
    for (1 .. $answers) {
        $at = behind_name($reply, $at) // return undef;
        return undef if $at + 10 > length $reply;
        my ($type, $class, undef, $size) = unpack('n2Nn', substr($reply, $at, 10));
        $at += 10;
        return undef if $at + $size > length $reply;
        push @found, inet_ntop(AF_INET6, substr($reply, $at, 16)) if $type == 28 && $class == 1 && $size == 16;
        $at += $size;
    }
    return [grep { is_global($_) } @found];
}

sub behind_name {
    my ($reply, $at) = @_;
    while ($at < length $reply) {
        my $size = ord(substr($reply, $at, 1));
        return $at + 2 if $size >= 192;
        return $at + 1 if $size == 0;
        return undef   if $size > 63;
        $at += 1 + $size;
    }
    return undef;
}

# As core/model's Ipv6Address::isGlobal(), in the text that RFC 5952 gives it.
sub is_global {
    my ($text) = @_;
    my $bytes = inet_pton(AF_INET6, $text) // return 0;
    return 0 unless inet_ntop(AF_INET6, $bytes) eq $text;
    my $bits = unpack('B*', $bytes);
    return 0 unless $bits =~ /^001/;
    # 6to4, Teredo, benchmarking, ORCHID, ORCHIDv2.
    for ('2002::/16', '2001::/32', '2001:2::/48', '2001:10::/28', '2001:20::/28') {
        my ($network, $length) = split m{/};
        return 0 if substr($bits, 0, $length) eq substr(unpack('B*', inet_pton(AF_INET6, $network)), 0, $length);
    }
    return 1;
}

sub is_own {
    my ($text) = @_;
    my $hex = unpack('H*', inet_pton(AF_INET6, $text));
    return slurp('/proc/net/if_inet6') =~ /^$hex /m;
}

# Part of run.pl: DNS-01 (RFC 8555, section 8.4) without any access to the zone: _acme-challenge names are delegated to this
# machine, and certbot answers for them on port 53 as long as the authority asks. Before that, the way is rehearsed with an
# answer of our own: a failure there costs nothing, a failed validation counts (see certificates.pl).

# Fails with one sentence where the authority would not find the way.
sub rehearse_delegation {
    my ($host, @names) = @_;
    require Socket;
    if (defined(my $who = name_server_here())) {
        failed("Port 53 of this VPS is taken by $who, so certbot cannot answer there for what proves the names.",
            'Let it serve other addresses only, or give the services another "challenge".');
    }
    my $token = join '', map { sprintf '%04x', int rand 65536 } 1 .. 8;
    my $child = answer_questions($token);
    my $went = eval { for my $name (@names) { leads_here($host, $name); arrives_here($host, $name, $token); } 1 };
    my $why = $@;
    kill('KILL', $child);
    waitpid($child, 0);
    die $why unless $went;
}

# Who listens on port 53 beyond this machine itself; undefined where nobody does.
sub name_server_here {
    my %socket;
    for my $table (qw(udp udp6 tcp tcp6)) {
        for (-r "/proc/net/$table" ? split(/\n/, slurp("/proc/net/$table")) : ()) {
            my @field = split;
            next unless @field > 9 && $field[1] =~ /^([0-9A-F]+):0035$/ && ($table =~ /^udp/ || $field[3] eq '0A');
            next if $1 =~ /^[0-9A-F]{6}7F$/ || $1 eq '0' x 24 . '01000000';
            $socket{ $field[9] } = 1;
        }
    }
    return undef unless %socket;
    for my $process (glob '/proc/[0-9]*') {
        next unless grep { (readlink($_) // '') =~ /^socket:\[(\d+)\]$/ && $socket{$1} } glob "$process/fd/*";
        my $name = -r "$process/comm" ? slurp("$process/comm") : '';
        $name =~ s/[^A-Za-z0-9._-]//g;
        return $name eq '' ? 'another program' : $name;
    }
    return 'another program';
}

# A process that answers each question for a text on port 53 with this one.
sub answer_questions {
    my ($token) = @_;
    my @sockets;
    for ([Socket::AF_INET6(), Socket::pack_sockaddr_in6(53, Socket::inet_pton(Socket::AF_INET6(), '::'))], [Socket::AF_INET(), Socket::pack_sockaddr_in(53, Socket::INADDR_ANY())]) {
        my ($family, $address) = @$_;
        socket(my $socket, $family, Socket::SOCK_DGRAM(), 0) or next;
        # As certbot's plugin does, or systemd's resolver on 127.0.0.53 would be in the way.
        setsockopt($socket, Socket::SOL_SOCKET(), Socket::SO_REUSEADDR(), 1);
        setsockopt($socket, Socket::IPPROTO_IPV6(), Socket::IPV6_V6ONLY(), 1) if $family == Socket::AF_INET6();
        push @sockets, $socket if bind($socket, $address);
    }
    failed("Nothing can listen on port 53 of this VPS: $!.") unless @sockets;
    my $child = fork() // failed("fork: $!.");
    if ($child) { close($_) for @sockets; return $child; }
    $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
    close($lock) if $lock;
    alarm 600;
    while (1) {
        my $ready = '';
        vec($ready, fileno($_), 1) = 1 for @sockets;
        next unless select($ready, undef, undef, undef) > 0;
        for my $socket (grep { vec($ready, fileno($_), 1) } @sockets) {
            my $from = recv($socket, my $query, 4096, 0) // next;
            my $reply = answer_to($query, $token) // next;
            send($socket, $reply, 0, $from);
        }
    }
}

sub answer_to {
    my ($query, $token) = @_;
    return undef if length($query) < 17;
    my ($id, $flags, $questions) = unpack('n3', $query);
    return undef if $questions != 1 || $flags & 0xf800;
    my (undef, $end) = dns_name($query, 12);
    return undef unless defined $end && $end + 4 <= length $query;
    my $question = substr($query, 12, $end + 4 - 12);
    my $is_text  = unpack('n', substr($query, $end, 2)) == 16;
    my $answer   = $is_text ? pack('n3Nn/a', 0xc00c, 16, 1, 0, pack('C/a', $token)) : '';
    return pack('n6', $id, 0x8400 | $flags & 0x0100, 1, $is_text ? 1 : 0, 0, 0) . $question . $answer;
}

# Each of the zone's own servers leads the name to this machine, at once or by an alias.
sub leads_here {
    my ($host, $name) = @_;
    my ($wanted, $at) = ("_acme-challenge.$name", "_acme-challenge.$name");
    my $zone = $name;
    for (1 .. 5) {
        my @servers = zone_servers($zone) or failed("No name server answers for $zone, so the certificate was not asked for.");
        my ($heard, $alias) = (0);
        for my $server (@servers) {
            my $said = dns_ask($server, $at, 2, 0) // next;
            next unless $said->{code} == 0 || $said->{code} == 3;    # it does not serve the zone
            $heard++;
            my @records = (@{ $said->{records} }, @{ $said->{authority} });
            ($alias) = map { $_->[0] eq $at && $_->[1] == 5 ? $_->[2] : () } @records;
            last if defined $alias;
            my @to = map { $_->[1] == 2 && ($_->[0] eq $at || !$said->{own} && $at =~ /\.\Q$_->[0]\E$/) ? $_->[2] : () } @records;
            undelegated($name, $wanted, $host, "the name server $server of its zone leads $at " . (@to ? 'to ' . join(', ', @to) : 'nowhere') . ', not to this VPS') if !@to || grep { $_ ne $host } @to;
        }
        failed("No name server answers for $at, so the certificate was not asked for.", 'Asked: ' . join(', ', @servers) . '.') unless $heard;
        return unless defined $alias;
        ($at, $zone) = ($alias, $alias =~ s/^[^.]+\.//r);
    }
    undelegated($name, $wanted, $host, "$wanted is an alias of an alias, and so on");
}

sub undelegated {
    my ($name, $wanted, $host, $why) = @_;
    failed("The certificate for $name was not asked for: $why; enter this record where the zone is kept, once: $wanted. NS $host.");
}

# A name that nobody has asked for yet, so no resolver remembers an answer.
sub arrives_here {
    my ($host, $name, $token) = @_;
    my $asked = 'sixgate-' . join('', map { sprintf '%04x', int rand 65536 } 1 .. 4) . "._acme-challenge.$name";
    my $until = time + 20;
    my @resolvers = resolvers_here();
    while (time < $until) {
        stop_here();
        for my $resolver (@resolvers) {
            my $said = dns_ask($resolver, $asked, 16, 1) // next;
            return if grep { $_->[1] == 16 && $_->[2] eq $token } @{ $said->{records} };
        }
        select(undef, undef, undef, 1);
    }
    failed("The certificate for $name was not asked for: the zone leads _acme-challenge.$name to $host, but no question for it comes to port 53 of this VPS.",
        'Open port 53 (UDP and TCP) in its firewall (with ufw: ufw allow 53) and at its provider, and see whether ' . "$host has this VPS's addresses. Where the record was entered just now, resolvers may remember for a while that there was none.");
}

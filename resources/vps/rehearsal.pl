# Part of run.pl: HTTP-01 (RFC 8555, section 8.3), with the home in between. The public name's AAAA leads home, so the
# authority comes there first; the home hands the challenges that it does not know over to the VPS name, where Apache
# shows what certbot has put into the webroot. Before the authority is asked, a token of our own is fetched in the same
# way over each address: a failure there costs nothing, a failed validation counts (see certificates.pl).

# Apache shows the challenges from here on, by the file that is in the new release; the journal takes that back.
sub open_challenges {
    return if $challenging;
    my $file = "$base/releases/$release/apache/00-challenge.conf";
    failed('The release has nothing that shows challenges.') unless -f $file;
    make_webroot();
    remember($challenge_site);
    link_to($challenge_site, $file);
    my ($ok, $text) = command('apache2ctl', '-t');
    my ($at) = $text =~ m{ of (/\S+?):?$}m;
    failed(defined $at && $at !~ m{^$base/|/zz-sixgate} ? "Apache refuses $at, which is not Sixgate's; mend that file, then try again." : 'Apache refuses to show challenges.', tail($text))
        unless $ok;
    ($ok, $text) = reload_apache();
    failed('Apache does not start with what shows challenges; the old configuration is back.', $text) unless $ok;
    $challenging = 1;
}

sub make_webroot {
    for my $folder ($webroot, "$webroot/.well-known", "$webroot/.well-known/acme-challenge") {
        folder($folder, 0755);
        chown(0, 0, $folder) && chmod(0755, $folder) or failed("$folder: $!.");
    }
}

# Fails with one sentence where the authority would not find the token.
sub rehearse {
    my ($host, @names) = @_;
    my $random = sub { join '', map { sprintf '%04x', int rand 65536 } 1 .. $_[0] };
    my ($own, $proof) = ('sixgate-' . $random->(8), $random->(16));
    my $file = "$webroot/.well-known/acme-challenge/$own";
    put($file, 0644, "$proof\n");
    my %known;    # addresses by name
    my $walked = eval {
        for my $name (@names) { rehearse_name({ host => $host, name => $name, path => "/.well-known/acme-challenge/$own", proof => $proof, known => \%known }); }
        1;
    };
    my $why = $@;
    unlink $file;
    die $why unless $walked;
}

# IPv6 first, as the authority does. It comes over IPv4 only where no connection over IPv6 can be made, so an A record
# that leads elsewhere as yet is told and no more; its change comes after the VPS's.
sub rehearse_name {
    my ($is) = @_;
    my ($six, $four) = @{ addresses_in_zone($is, $is->{name}) };
    failed("The certificate authority would not find $is->{name}: its zone has no address for it. Nothing was asked of the authority.",
        'See why no record could be set: sixgatectl plan.')
        unless @$six || @$four;
    for my $address (@$six) { walk($is, $address, 'AAAA'); }
    my %own = map { $_ => 1 } visited_addresses();
    for my $address (@$four) {
        if (!@$six || $own{$address}) { walk($is, $address, 'A'); next; }
        eval { walk($is, $address, 'A'); 1 } and next;
        die $@ if ref $@ && $@->{verdict} eq 'cancelled';
        event($step, 'told', "$address (A of $is->{name}) does not show challenges as yet; the authority comes over IPv6 first, where all is well.");
    }
}

# Follows the token from one address on. Nothing: it was found.
sub walk {
    my ($is, $address, $type) = @_;
    my $at = ($type eq 'AAAA' ? "[$address]" : $address) . " ($type of $is->{name})";
    my ($scheme, $name, $path, $to) = ('http', $is->{name}, $is->{path}, $address);
    my @trace;
    for my $hop (0 .. 10) {
        stop_here();
        my $answer = fetch($scheme, $to, $name, $path);
        my $said   = $answer->{error} // join(' ', $answer->{status}, grep { length } $answer->{server});
        push @trace, "$scheme://$name$path at $to: $said" . (length $answer->{location} ? ' -> ' . printable($answer->{location}) : '');
        my $bad = sub { rehearsal_failed($is, $_[0], $at, $type, \@trace); };
        if (defined $answer->{error}) { $bad->($hop ? lost($is, $name, $to, $scheme, $answer->{error}) : silent($type, $answer->{error})); }
        if ($answer->{status} == 200 && $answer->{body} eq $is->{proof}) { return; }
        if ($answer->{status} !~ /^30[1278]$/) { $bad->($hop ? strayed($is, $name, $to, $scheme, $answer) : unhanded($is, $type, $answer)); }
        my $next = length $answer->{location} > 2000 ? substr($answer->{location}, 0, 2000) . ' ...' : $answer->{location};
        $next = "$scheme://$name$next" if $next =~ m{^/(?!/)};
        ($scheme, $name, my $port, $path) = $next =~ m{^(https?)://([A-Za-z0-9.-]+\.[A-Za-z][A-Za-z0-9-]*)(?::(\d+))?(/[!-~]*)$}i
            or $bad->("redirects a challenge to \"" . printable($next) . '", which the authority does not follow; ' . snippet($is, $answer));
        ($scheme, $name) = (lc $scheme, lc $name);
        $bad->("redirects a challenge to port $port; the authority follows to 80 and 443 only. " . ucfirst snippet($is, $answer))
            if defined $port && $port != ($scheme eq 'https' ? 443 : 80);
        my ($six, $four) = @{ addresses_in_zone($is, $name) };
        $to = $six->[0] // $four->[0] // $bad->("redirects a challenge to $name, which has no address" . ($name eq $is->{host} ? ': give the VPS name its A and AAAA records.' : '; ' . snippet($is, $answer)));
    }
    rehearsal_failed($is, 'redirects a challenge again and again; ' . snippet($is, {}), $at, $type, \@trace);
}

sub rehearsal_failed {
    my ($is, $what, $at, $type, $trace) = @_;
    failed("The certificate for $is->{name} was not asked for, since the authority would not find its challenge: $at $what", join("\n", @$trace));
}

# The sentences: what answers at the first address, then what to do.

sub silent {
    my ($type, $error) = @_;
    return "cannot be reached from this VPS ($error): switch IPv6 on at its provider." if $type eq 'AAAA' && $error eq 'ENETUNREACH';
    return "is this VPS, whose Apache does not answer on port 80 ($error)." if $type ne 'AAAA';
    return 'refuses connections on port 80: let the home\'s web server listen there over IPv6, too ([::]:80).' if $error eq 'ECONNREFUSED';
    return 'takes the connection on port 80 and gives no HTTP answer: see what listens there at home.' if $error eq 'NO ANSWER';
    return "does not answer on port 80 ($error): open TCP port 80 over IPv6 to it in the home router's firewall, and in the home server's own.";
}

sub unhanded {
    my ($is, $type, $answer) = @_;
    return "is this VPS, where another site of Apache answers for the name on port 80 ($answer->{status}): apache2ctl -S tells which." if $type ne 'AAAA';
    return ($answer->{status} == 200 ? 'answers a challenge that it does not know with a page of its own' : "answers $answer->{status} to a challenge that it does not know")
        . " instead of handing it over to $is->{host}; " . snippet($is, $answer);
}

sub lost {
    my ($is, $name, $to, $scheme, $error) = @_;
    return "hands it over to $name, but $to does not answer on port 80 ($error): see whether $name has this VPS's addresses and no other." if $name eq $is->{host};
    return "redirects it to $scheme://$name, where $to does not answer ($error); " . snippet($is, {});
}

sub strayed {
    my ($is, $name, $to, $scheme, $answer) = @_;
    if ($name eq $is->{host}) {
        return "hands it over to $name, which leads to $to, and that is not this VPS: correct the records of $name." unless is_own_address($to);
        return "hands it over to $name, but another site of this VPS's Apache answers for that name on port 80 ($answer->{status}): give that site a ServerName of its own or switch it off (apache2ctl -S tells which; Debian's default page: a2dissite 000-default && systemctl reload apache2).";
    }
    return "redirects it to $scheme://$name, which answers $answer->{status}, instead of handing it over to $is->{host}; " . snippet($is, $answer);
}

sub snippet {
    my ($is, $answer) = @_;
    my ($kind) = lc($answer->{server} // '') =~ /(apache|nginx|caddy)/;
    return 'put into its web server what this prints: sixgatectl site home-snippet ' . ($kind // 'apache|nginx|caddy') . '.';
}

sub printable { my ($text) = @_; $text =~ s/[^ -~]/?/g; return substr($text, 0, 200); }

sub is_own_address {
    my ($address) = @_;
    require Socket;
    return scalar grep { $_ eq $address } visited_addresses() if $address !~ /:/;
    my $hex = unpack('H*', Socket::inet_pton(Socket::AF_INET6(), $address));
    return -r '/proc/net/if_inet6' && slurp('/proc/net/if_inet6') =~ /^$hex /m;
}

# ---------------------------------------------------------------- one request

# As the authority makes it: ten seconds to connect, no look at the certificate. { error } or
# { status, server, location, body }.
sub fetch {
    my ($scheme, $address, $name, $path) = @_;
    my $request = "GET $path HTTP/1.1\r\nHost: $name\r\nUser-Agent: Mozilla/5.0 (compatible; Sixgate rehearses a challenge)\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    my $text;
    if ($scheme eq 'https') {
        put("$dir/request", 0600, $request);
        (undef, $text) = command({ seconds => 15, input => "$dir/request" }, 'openssl', 's_client', '-quiet', '-connect',
            $address =~ /:/ ? "[$address]:443" : "$address:443", '-servername', $name);
        unlink "$dir/request";
        return { error => $text =~ /Connection refused/ ? 'ECONNREFUSED' : 'ETIMEDOUT' } unless $text =~ s{^.*?(?=^HTTP/1\.[01] \d{3})}{}ms;
    }
    else {
        ($text, my $error) = spoken($address, $request);
        return { error => $error } if defined $error;
    }
    my ($head, $body) = split /\r?\n\r?\n/, $text, 2;
    my ($status) = ($head // '') =~ m{^HTTP/1\.[01] (\d{3})} or return { error => 'NO ANSWER' };
    my %header = map { /^([A-Za-z-]+):[ \t]*(.*?)[ \t]*$/ ? (lc $1 => $2) : () } split /\r?\n/, $head;
    $body //= '';
    $body = join '', map { $_->[1] } chunks($body) if ($header{'transfer-encoding'} // '') =~ /chunked/i;
    $body =~ s/\s+\z//;
    return { status => $status, server => printable($header{server} // ''), location => $header{location} // '', body => $body };
}

sub chunks {
    my ($text) = @_;
    my @chunks;
    while ($text =~ s/^([0-9A-Fa-f]{1,8})[^\r\n]*\r?\n//) {
        my $size = hex $1 or last;
        push @chunks, [$size, substr($text, 0, $size, '')];
        $text =~ s/^\r?\n//;
    }
    return @chunks;
}

# What comes back on port 80, the first 64 KiB; or nothing and why.
sub spoken {
    my ($address, $request) = @_;
    require IO::Socket::IP;
    my $socket = IO::Socket::IP->new(PeerHost => $address, PeerPort => 80, Type => Socket::SOCK_STREAM(), Timeout => 10)
        or return (undef, errno_of($! + 0));
    $socket->blocking(0);
    my ($text, $until) = ('', time + 10);
    syswrite($socket, $request);
    while (length($text) < 65536) {
        my $left = $until - time;
        my $ready = '';
        vec($ready, fileno($socket), 1) = 1;
        last if $left <= 0 || select($ready, undef, undef, $left) <= 0;
        my $got = sysread($socket, $text, 8192, length($text));
        next if !defined $got && ($!{EINTR} || $!{EAGAIN});
        last unless $got;
    }
    return length($text) ? ($text, undef) : (undef, 'NO ANSWER');
}

sub errno_of {
    require Errno;
    local $! = $_[0];
    my ($name) = sort grep { $!{$_} } keys %!;
    return $name // "errno $_[0]";
}

# ---------------------------------------------------------------- names

# [IPv6 addresses, IPv4 addresses] of a name as its zone's own servers tell them, all together: the authority may come to
# any of them, and caches it has none.
sub addresses_in_zone {
    my ($is, $name) = @_;
    return $is->{known}{$name} //= [look_into_zone($name)];
}

sub look_into_zone {
    my ($name) = @_;
    for (1 .. 9) {
        my (%six, %four, $alias);
        my ($heard, @servers) = (0, zone_servers($name));
        my $own = @servers > 0;
        for my $server ($own ? @servers : resolvers_here()) {
            my $end = $name;
            my $both = 0;
            for my $type (28, 1) {
                my $said = dns_ask($server, $name, $type, !$own) // last;
                last unless $said->{code} == 0 || $said->{code} == 3;
                $both++;
                my (%alias, %found);
                for (@{ $said->{records} }) {
                    my ($owner, $is, $value) = @$_;
                    if ($is == 5) { $alias{$owner} = $value; }
                    elsif ($is == $type) { push @{ $found{$owner} }, $value; }
                }
                ($end, my $steps) = ($name, 0);
                while (defined $alias{$end} && $steps++ < 9) { $end = $alias{$end}; }
                my $set = $type == 28 ? \%six : \%four;
                $set->{$_} = 1 for @{ $found{$end} // [] };
            }
            next unless $both == 2;
            $alias = $end if $end ne $name;
            last if ++$heard >= 3;
        }
        failed("No name server answers for $name, so the certificate was not asked for.", 'Asked: ' . join(', ', @servers ? @servers : resolvers_here()) . '.') unless $heard;
        return ([sort keys %six], [sort keys %four]) if %six || %four || !defined $alias;
        $name = $alias;    # its end is in another zone
    }
    return ([], []);
}

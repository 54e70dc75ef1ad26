# Part of run.pl: Apache, as systemd and its visitors see it.

# What visitors are shown who ask for no service's name: a certificate that tells none.
sub make_nameless_certificate {
    my ($key, $pem) = map { "$base/default/$_.pem" } qw(key certificate);
    return if -s $key && -s $pem;
    folder("$base/default", 0700);
    remember($_) for $key, $pem;
    my ($ok, $text) = command('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-days', 36500, '-subj', '/CN=unknown', '-keyout', "$key.new", '-out', "$pem.new");
    failed('openssl could not make the certificate for names that are no service\'s.', tail($text)) unless $ok;
    for ($key, $pem) { rename("$_.new", $_) or failed("$_: $!."); }
}

sub start_apache {
    # Debian has enabled them already, and systemctl takes its time.
    for my $unit ('apache2.service', 'certbot.timer') { command('systemctl', '--quiet', 'enable', $unit) unless is_enabled($unit); }
    my ($ok, $why) = reload_apache();
    failed('Apache does not start with the new configuration; the old one is back.', $why) unless $ok;
    ($ok, $why) = command('systemctl', 'start', 'certbot.timer');
    failed('certbot\'s timer does not start.', tail($why)) unless $ok;
}

# Makes Apache read its configuration, and waits until it has. Gives whether it runs with it, and why not.
sub reload_apache {
    my $ran    = is_active('apache2.service');
    my $before = generation();
    my ($ok, $text) = command('systemctl', $ran ? 'reload' : 'start', 'apache2.service');
    # The reload ends before Apache has read the configuration; until then the old one answers, and Apache may still die
    # of the new one.
    for (1 .. 600) {
        last unless $ok && $ran && generation() eq $before;
        select(undef, undef, undef, 0.1);
        $ok = is_active('apache2.service');
    }
    return (0, "Apache goes on with the configuration that it had.\n" . tail($text)) if $ok && $ran && generation() eq $before;
    $ok &&= is_active('apache2.service');
    return (1, '') if $ok;
    my (undef, $status) = command('systemctl', 'status', '--no-pager', '--lines=15', 'apache2.service');
    return (0, tail("$text\n$status"));
}

# Apache writes this file anew when it has read its configuration.
sub generation { my @file = stat('/run/apache2/apache2.pid'); return @file ? "$file[1] $file[9]" : 'none'; }

sub is_active { my ($ok) = command('systemctl', 'is-active', '--quiet', $_[0]); return $ok ? 1 : 0; }
sub is_enabled { my (undef, $text) = command('systemctl', 'is-enabled', $_[0]); return $text eq "enabled\n" ? 1 : 0; }

# A unit as it was before the run; its files are so already. At boot it starts by itself.
sub bring_back {
    my ($unit, $enabled, $active, $generation, $was_swapped, $boot) = @_;
    command('systemctl', '--quiet', 'disable', $unit) if !$enabled && is_enabled($unit);
    return if $boot;
    if (!$active) { command('systemctl', 'stop', $unit) if is_active($unit); return; }
    if ($unit ne 'apache2.service') { command('systemctl', 'start', $unit) unless is_active($unit); return; }
    # Also certbot or an installation may have made Apache read what is undone now.
    my $ran = is_active($unit);
    return if $ran && !$was_swapped && generation() eq $generation;
    my ($ok, $why) = reload_apache();
    ($ok, $why) = reload_apache() if !$ok && !is_active($unit);
    # Where it never read the new configuration it goes on as before.
    return if $ok || $ran && is_active($unit) && generation() eq $generation;
    failed("Apache does not come back: $why");
}

# What a2enmod enables for these modules: they themselves and what they need.
sub with_needed {
    my (@open) = @_;
    my %all;
    while (defined(my $name = shift @open)) {
        my $load = "/etc/apache2/mods-available/$name.load";
        next if $all{$name}++ || !-f $load;
        my ($needs) = slurp($load) =~ /^# Depends:\s*(.*)$/m;
        push @open, split ' ', $needs // '';
    }
    return sort keys %all;
}

# Where a2enmod and a2ensite write down who enabled it.
sub marks { my ($kind, $name) = @_; return grep { -d s{/[^/]*$}{}r } map { "/var/lib/apache2/$kind/${_}_by_admin/$name" } qw(enabled disabled); }

# Apache must answer on 443 with the certificate of each service that was changed (of one, where none was): for their
# first names, then for the others, at most eight. A graceful reload takes a moment to be seen.
# Where visitors of a name that was good before get an error of the proxy now, the new configuration is at fault.
sub probe {
    my ($good) = @_;
    my @probes = probed_names($current);
    my ($main, @more) = visited_addresses();
    for my $probe (@probes) {
        my ($name, $pem) = @$probe;
        my ($wanted) = certificates(slurp($pem));
        my $shown;
        for my $try (1 .. 40) {
            $shown = shown($main, $name);
            last if defined $shown && ($shown eq $wanted || $try >= 16);
            select(undef, undef, undef, 0.25);
        }
        failed(
            defined $shown
            ? "Apache answers for $name on $main with another certificate than the new one; the old configuration is back."
            : "Apache does not answer for $name on $main, port 443; the old configuration is back.",
            'Another site of this Apache may hold the name or the address: apache2ctl -S tells.')
            unless defined $shown && $shown eq $wanted;
        if ($good->{$name}) {
            # Not for long: meanwhile visitors wait, and just now the home answered where this configuration looks for it.
            my ($answers, $until) = (0, time + 3);
            until ($answers = home_answers($main, $name)) { last if time >= $until; select(undef, undef, undef, 0.25); }
            failed("Visitors of $name no longer reach the home through the new configuration; the old one is back.",
                'It was reachable until then: see the error log of Apache in /var/log/apache2.')
                unless $answers;
        }
        for my $address (@more) {
            $shown = shown($address, $name) // next;
            event($step, 'told', "On $address another site of this Apache answers for $name.") if $shown ne $wanted;
        }
    }
}

# [name, certificate] of what is to be asked for, at most eight.
sub probed_names {
    my ($folder) = @_;
    my @sites = sort keys %changed_sites;
    @sites = glob "$folder/apache/*.conf" unless @sites;
    my (@probes, @others);
    for my $path (@sites) {
        my $text = slurp($path);
        my ($lineage) = $text =~ m{^\s*SSLCertificateFile /etc/letsencrypt/live/([A-Za-z0-9._-]+)/}m or next;
        my %once;
        my ($first, @more) = grep { !$once{$_}++ } $text =~ /^\s*ServerName ([a-z0-9.-]+)$/mg or next;
        push @probes, [$first, "/etc/letsencrypt/live/$lineage/cert.pem"];
        push @others, map { [$_, $probes[-1][1]] } @more;
        last if !%changed_sites;
    }
    push @probes, @others;
    splice(@probes, 8) if @probes > 8;
    return @probes;
}

# Names for which visitors get an answer of the home now, not an error of the proxy.
sub good_homes {
    return {} unless -d "$current/" && is_active('apache2.service');
    my ($main) = visited_addresses();
    my %served = map { $_ => 1 } map { slurp($_) =~ /^\s*ServerName ([a-z0-9.-]+)$/mg } glob "$current/apache/*.conf";
    return { map { $_ => 1 } grep { $served{$_} && home_answers($main, $_) } map { $_->[0] } probed_names($current) };
}

# The proxy's own errors do not carry the probe's token.
sub home_answers { my ($address, $name) = @_; return answer_of("$address:443", $name) =~ /^X-Sixgate-Upstream: \Q$token\E\r?$/mi; }

sub answer_of {
    my ($where, $name) = @_;
    put("$dir/request", 0600, "GET / HTTP/1.1\r\nHost: $name\r\nUser-Agent: sixgate\r\nX-Sixgate-Probe: $token\r\nConnection: close\r\n\r\n");
    my (undef, $text) = command({ seconds => 4, input => "$dir/request" }, 'openssl', 's_client', '-quiet', '-connect', $where, '-servername', $name);
    unlink "$dir/request";
    return $text;
}

# Before visitors are led there: for names that are good now, the home must answer where the new configuration looks for
# it. Nobody waits for this, so it may take a while.
sub look_ahead {
    my ($good) = @_;
    for my $path (glob "$base/releases/$release/apache/*.conf") {
        my $text = slurp($path);
        my ($home) = $text =~ m{^\s*ProxyPass "/" "https://([a-z0-9.-]+:\d+)/"}m or next;
        my ($name) = grep { $good->{$_} } $text =~ /^\s*ServerName ([a-z0-9.-]+)$/mg or next;
        my ($answers, $until) = (0, time + 12);
        until ($answers = answer_of($home, $name) =~ m{^HTTP/1\.[01] \d\d\d}m) {
            stop_here();
            last if time >= $until;
            select(undef, undef, undef, 0.5);
        }
        failed("The home does not answer for $name at $home, where the new configuration looks for it; the old one goes on.",
            'It is reachable through the old one. See whether the service listens there, and whether the home\'s firewall lets the VPS in.')
            unless $answers;
    }
}

# The certificate that visitors get; undefined where there is no answer.
sub shown {
    my ($address, $name) = @_;
    my (undef, $text) = command({ seconds => 10 }, 'openssl', 's_client', '-connect', "$address:443", '-servername', $name);
    return (certificates($text))[0];
}

sub certificates { my ($text) = @_; return $text =~ /-----BEGIN CERTIFICATE-----(.*?)-----END/sg; }

# The IPv4 addresses of this machine by which visitors come, the likeliest first: a virtual host of such an address goes
# before those of all addresses, so an answer on 127.0.0.1 proves nothing. (IPv6 visitors go to the home itself.)
sub visited_addresses {
    my @all;
    if (open(my $in, '<', '/proc/net/fib_trie')) {
        my $address = '';
        while (<$in>) {
            if    (/\|-- ([0-9.]+)$/)          { $address = $1; }
            elsif (m{/32 host LOCAL} && is_global($address)) { push @all, $address; }
        }
    }
    # From where it reaches the internet: towards a name server of the root, without a packet.
    my $outer = eval {
        require Socket;
        socket(my $socket, Socket::PF_INET(), Socket::SOCK_DGRAM(), 0) or die;
        connect($socket, Socket::pack_sockaddr_in(53, Socket::inet_aton('198.41.0.4'))) or die;
        Socket::inet_ntoa((Socket::unpack_sockaddr_in(getsockname($socket)))[1]);
    };
    my %once;
    my @addresses = grep { !$once{$_}++ } defined $outer ? $outer : (), @all;
    return @addresses ? @addresses : '127.0.0.1';
}

sub is_global { return $_[0] !~ /^(?:0|10|127|169\.254|192\.168|192\.0\.0|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|172\.(?:1[6-9]|2\d|3[01]))\./; }


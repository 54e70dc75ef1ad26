# Part of run.pl: certificates, by certbot.

sub do_certificate {
    my ($is) = @_;
    my ($lineage, $url, $mail, $seconds, $credentials, $kind, $host, $names) = @{ $is->{field} };
    ($url, $mail) = map { $_ eq '-' ? '' : unbase64($_) } $url, $mail;
    my @names = split /,/, $names;
    my $here  = ($kind // '') eq 'delegated';
    my $means = $credentials // ($here ? $delegated : $webroot);
    my $lacks = sub { certificate_lacks($lineage, $url, $means, @names) };
    my $why = $lacks->() or return ['unchanged', 'It is there already.'];
    my $talks = !defined $host && $means =~ /\.json$/;    # by the provider's own calls
    my @proof = $talks ? ('--authenticator', 'manual', '--preferred-challenges', 'dns', map { ("--manual-$_->[0]-hook", "/usr/bin/perl $acme_hook $_->[1] $means") } ['auth', 'add'], ['cleanup', 'remove'])
        : ('--authenticator', 'dns-rfc2136', '--dns-rfc2136-credentials', $means, '--dns-rfc2136-propagation-seconds', $seconds // 0);
    # It would be in certbot's and the rehearsal's way; a new one begins when this one is got.
    command('systemctl', 'stop', $renewal_service) if -e "$units/$renewal_service";
    if ($here) {
        event($step, 'note', 'Rehearsing it first: whether the zone leads to port 53 of this VPS.');
        rehearse_delegation($host, @names);
        @proof = ('--authenticator', 'dns-standalone', '--dns-standalone-address', '0.0.0.0', '--dns-standalone-ipv6-address', '::', '--dns-standalone-port', 53);
        event($step, 'note', 'The rehearsal went well; asking for it.');
    }
    elsif (defined $host) {
        open_challenges();
        event($step, 'note', 'Rehearsing it first: a challenge is fetched over each address, as the authority does.');
        rehearse($host, @names);
        @proof = ('--authenticator', 'webroot', '--webroot-path', $webroot);
        event($step, 'note', 'The rehearsal went well; asking for it.');
    }
    elsif ($talks) {
        event($step, 'note', 'Rehearsing it first: a text is set at the provider, waited for, and removed again.');
        # certbot goes on where a hook fails for one of them.
        for my $name (@names) {
            my ($ok, $text) = command({ stoppable => 1, seconds => 1800 + $seconds }, '/usr/bin/perl', $acme_hook, 'rehearse', $means, $name);
            stop_here();
            failed("The certificate for $names was not asked for: " . ((reverse split /\n/, $text)[0] // 'the rehearsal broke off.'), tail($text)) unless $ok;
        }
        event($step, 'note', 'The rehearsal went well; asking for it.');
    }
    else { event($step, 'note', "Asking for it; the proof in the zone gets $seconds s to spread."); }
    my @command = ('certbot', 'certonly', '--non-interactive', '--agree-tos', '--server', $url,
        $mail eq '' ? '--register-unsafely-without-email' : ("--email=$mail", '--no-eff-email'),
        @proof, '--cert-name', $lineage, '--renew-with-new-domains',
        # Otherwise what is there would be kept as "not yet due", and the way it renews, too.
        $why eq 'authority' || $why eq 'means' ? '--force-renewal' : '--keep-until-expiring',
        '--deploy-hook', ($here ? "env SIXGATE=$delegated " : '') . 'systemctl try-reload-or-restart apache2.service', map { ('-d', $_) } @names);
    my ($ok, $text) = patiently(qr/Another instance of Certbot/, { stoppable => 1, seconds => 900 + ($seconds // 0) + ($talks ? @names * (120 + $seconds) : 0) }, @command);
    my $lack = $lacks->();
    remember_attempt($ok && !$lack, $url, $text, @names);
    stop_here();
    my ($account) = defined $host || $talks ? '' : $credentials =~ m{([^/]+)\.ini$};
    failed("The DNS server has another ACME key than the one that certbot got.",
        "Store the right one: sixgatectl secret set dns.$account.acme-key\n" . tail($text))
        if $account ne '' && $text =~ /didn't like the (?:signature|key)|BADSIG|BADKEY|BadSignature|BadKey/ && (!$ok || $lack);
    failed("certbot could not get the certificate for $names.", tail($text)) if !$ok || $lack;
    return ['done', "Got it, for $names."];
}

# What the certificate lacks, in a word; nothing where all is well.
sub certificate_lacks {
    my ($lineage, $url, $means, @names) = @_;
    my $pem = "/etc/letsencrypt/live/$lineage/cert.pem";
    return 'there is none' unless -f $pem && -f "/etc/letsencrypt/live/$lineage/privkey.pem";
    return 'authority' unless (renewal($lineage)->{server} // '') eq $url;
    return 'means'     unless means($lineage) eq $means;
    my ($fresh) = command('openssl', 'x509', '-in', $pem, '-noout', '-checkend', 7 * 86400);
    return 'time' unless $fresh;
    my (undef, $text) = command('openssl', 'x509', '-in', $pem, '-noout', '-ext', 'subjectAltName');
    my $has = join(',', sort map { lc } $text =~ /DNS:([^,\s]+)/g);
    return $has eq join(',', sort @names) ? '' : 'names';
}

sub renewal {
    my ($lineage) = @_;
    my %renewal;
    my $path = "/etc/letsencrypt/renewal/$lineage.conf";
    for (split /\n/, -f $path ? slurp($path) : '') { $renewal{$1} = $2 if /^\s*([a-z0-9_]+)\s*=\s*(\S.*?)\s*$/; }
    return \%renewal;
}

# By what certbot renews it: a file with a key for the zone or the talk with its provider, or the folder of HTTP-01's challenges,
# or a mark where it answers itself; empty: another way.
sub means {
    my $renewal = renewal($_[0]);
    my $how = $renewal->{authenticator} // '';
    return $how eq 'dns-rfc2136' ? $renewal->{dns_rfc2136_credentials} // ''
        : $how eq 'manual' && ($renewal->{manual_auth_hook} // '') =~ m{^/usr/bin/perl \Q$acme_hook\E add (\S+)$} ? $1
        : $how eq 'dns-standalone' && ($renewal->{renew_hook} // '') =~ /^env SIXGATE=\Q$delegated\E / ? $delegated
        : $how eq 'webroot' ? ($renewal->{webroot_path} // '') =~ s/,$//r
        :                     '';
}

# Certbot got it for Sixgate.
sub is_sixgates_own { my $means = means($_[0]); return $means eq $webroot || $means eq $delegated || $means =~ m{^$base/acme/}; }

sub do_forget {
    my ($is) = @_;
    my ($lineage) = @{ $is->{field} };
    return ['unchanged', 'It is gone already.'] unless grep { $_ eq $lineage } lineages();
    my (undef, $users) = command('grep', '-rlsF', '--exclude-dir=letsencrypt', '--exclude-dir=sixgate', '--',
        "/etc/letsencrypt/live/$lineage/", '/etc');
    return ['unchanged', 'It stays, and certbot renews it: ' . (split /\n/, $users)[0] . ' names it.'] if $users =~ m{^/};
    my ($ok, $text) = patiently(qr/Another instance of Certbot/, { seconds => 120 }, 'certbot', 'delete',
        '--non-interactive', '--cert-name', $lineage);
    failed("certbot could not delete the certificate $lineage.", tail($text)) if !$ok || grep { $_ eq $lineage } lineages();
    return ['done', 'Deleted.'];
}

# Names of all certificates that certbot renews.
sub lineages { return map { m{/([^/]+)\.conf$} ? $1 : () } glob '/etc/letsencrypt/renewal/*.conf'; }

# What the certification authority counts: certificates it issued, validations that failed, and its own word that it was
# asked too often. One a line: TIME issued|failed|limited URL NAME,NAME… UNTIL (0: it did not say). What it never came
# to hear of does not count: a key that the DNS server refuses, a rehearsal.
sub remember_attempt {
    my ($got, $url, $text, @names) = @_;
    my %ours = map { $_ => 1 } @names;
    my @bad = grep { $ours{$_} } map { lc } $text =~ /^\s*(?:Domain|Identifier):\s+(\S+)\s*$/mg;
    my ($end, $until) = ('failed', 0);
    if ($got) { ($end, @bad) = ('issued', @names); }
    elsif ($text =~ /rateLimited|too many (?:certificates|failed authorizations|new orders)/i) {
        ($end, @bad) = ('limited', @names);
        if ($text =~ /retry after (\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)/) {
            local $ENV{TZ} = 'UTC';
            POSIX::tzset();
            $until = POSIX::mktime($6, $5, $4, $3, $2 - 1, $1 - 1900) // 0;
        }
    }
    return if !@bad || $url =~ /\s/;
    my %once;
    my $line = join(' ', time, $end, $url, join(',', grep { !$once{$_}++ } @bad), $until) . "\n";
    my @before = grep { /^(\d+) / && $1 > time - 8 * 86400 } -f $attempts ? slurp($attempts) =~ /^(.+\n)/mg : ();
    splice(@before, 0, @before - 300) if @before > 300;
    put($attempts, 0600, join('', @before, $line));
}

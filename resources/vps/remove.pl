# Part of run.pl: takes everything away that Sixgate brought to this machine. Each part is done where it is still to do,
# so that a removal that broke off is ended by the next one.

sub do_remove {
    my ($is) = @_;
    my ($packages) = @{ $is->{field} };
    wait_for_others() if $packages eq 'purge';
    my @kept;
    keep_edited('all');
    for my $port (close_firewall()) { event($step, 'told', "Closed in the firewall: $port."); }
    push @kept, remove_site();
    alarm_off() if alarm_is_there();
    push_off() if push_is_there();
    renewals_off();
    push @kept, remove_certificates();
    push @kept, $packages eq 'purge' ? remove_packages() : packages_that_stay();
    units_as_found();
    remove_files();
    my @logs = grep { -e } qw(/var/log/apache2 /var/log/letsencrypt /var/log/apt /var/log/dpkg.log /var/log/alternatives.log);
    push @kept, 'Logs: ' . join(', ', @logs) . '.';
    forget_copies_of_keys();
    push @kept, "Copies of what people edited: $edited." if -d $edited;
    event($step, 'told', "Stays: $_") for @kept;
    return ['done', 'Removed. ' . join(' ', @kept)];
}

# Visitors are no longer answered; other sites of this Apache are. Gives what stays.
sub remove_site {
    my $sites = '/etc/apache2/sites-enabled';
    my $link  = "$sites/zz-sixgate.conf";
    my $ours  = -l $link || -e $link;
    my @kept;
    unlink $link, marks('site', 'zz-sixgate'), '/etc/apache2/sites-available/zz-sixgate.conf';
    # Apache's own settings go with it where a run brought it.
    push @kept, disable_modules() unless ours_among('apache2');
    return @kept unless $ours && is_active('apache2.service');
    my ($ok, $why) = reload_apache();
    failed('Apache does not go on without Sixgate\'s site.', $why) unless $ok;
    return @kept;
}

# Modules that runs enabled; gives what stays.
sub disable_modules {
    return unless -f $enabled_modules;
    my @left = grep { -e "/etc/apache2/mods-enabled/$_.load" } split /\n/, slurp($enabled_modules);
    # Apache's checker does not tell of every module that a site needs.
    my $since = (stat $enabled_modules)[9];
    if (my ($newer) = grep { -f && (stat)[9] > $since } glob '/etc/apache2/{sites,conf}-enabled/*') {
        return @left ? "Modules of Apache: @left (what $newer needs is not known)." : ();
    }
    # One that others need stays for now.
    my $before = @left + 1;
    while (@left && @left < $before) {
        $before = @left;
        for my $name (@left) {
            my ($ok) = command('a2dismod', '-q', $name);
            my ($fits) = command('apache2ctl', '-t');
            command('a2enmod', '-q', $name) if $ok && !$fits;
        }
        my @off = grep { !-e "/etc/apache2/mods-enabled/$_.load" } @left;
        unlink map { marks('module', $_) } @off;
        @left = grep { -e "/etc/apache2/mods-enabled/$_.load" } @left;
    }
    rmdir '/var/lib/apache2/module/disabled_by_admin';
    return @left ? "Modules of Apache that others need: @left." : ();
}

# Certificates that were got for Sixgate; gives what stays.
sub remove_certificates {
    my @kept;
    for my $lineage (lineages()) {
        next unless is_sixgates_own($lineage);
        my (undef, $users) = command('grep', '-rlsF', '--exclude-dir=letsencrypt', '--exclude-dir=sixgate', '--',
            "/etc/letsencrypt/live/$lineage/", '/etc');
        if ($users =~ m{^/}) {
            push @kept, "The certificate $lineage, which " . (split /\n/, $users)[0] . " names; its renewals fail from now on.";
            next;
        }
        my ($ok, $text) = patiently(qr/Another instance of Certbot/, { seconds => 120 }, 'certbot', 'delete',
            '--non-interactive', '--cert-name', $lineage);
        failed("certbot could not delete the certificate $lineage.", tail($text)) if grep { $_ eq $lineage } lineages();
    }
    return @kept;
}

sub packages_that_stay {
    my @ours = ours_among(installed_packages());
    return @ours ? 'Packages: ' . join(', ', @ours) . '.' : ();
}

sub ours_among {
    my %there = map { $_ => 1 } @_;
    return grep { $there{$_} } -f $installed_list ? split(/\n/, slurp($installed_list)) : ();
}

# Purges what runs of Sixgate installed, but nothing that others have come to need or have asked for since; gives what
# stays.
sub remove_packages {
    my @ours = ours_among(installed_packages());
    my @kept;
    if (my @foreign = foreign_settings(@ours)) {
        # Somebody uses Apache or certbot for something of his own by now.
        my $more = @foreign > 8 ? ' and ' . (@foreign - 8) . ' more' : '';
        splice(@foreign, 8) if $more;
        return packages_that_stay(), "Somebody else's settings, which need them: " . join(', ', @foreign) . "$more.";
    }
    my %asked = map { $_ => 1 } asked_for_since(@ours);
    my @asked = grep { $asked{$_} } @ours;
    @ours = grep { !$asked{$_} } @ours;
    if (@ours && extras(@ours)) {
        # Find those that others need, one by one.
        my %needed = map { $_ => 1 } grep { extras_beyond(\@ours, $_) } @ours;
        @kept = grep { $needed{$_} } @ours;
        @ours = grep { !$needed{$_} } @ours;
        # Somebody's may need one of several of these.
        if (@ours && extras(@ours)) { push @kept, @ours; @ours = (); }
    }
    my $had_apache  = grep { /^apache2(?:-data)?$/ } @ours;
    my $had_certbot = grep { $_ eq 'certbot' } @ours;
    if (@ours) {
        my ($ok, $text) = command('apt-get', '-y', '-q', '-o', 'DPkg::Lock::Timeout=120', 'purge', @ours);
        my %still = map { $_ => 1 } ours_among(installed_packages());
        failed('apt-get could not remove ' . join(', ', grep { $still{$_} } @ours) . '.', tail($text))
            if !$ok || grep { $still{$_} } @ours;
    }
    # What packages leave behind although they are purged.
    my @leftovers = $had_apache ? qw(/etc/apache2 /var/lib/apache2 /var/cache/apache2) : ();
    push @leftovers, qw(/etc/letsencrypt /var/lib/letsencrypt) if $had_certbot && !lineages();
    if (-f $found) {
        my %before = map { $_ => 1 } split /\n/, slurp($found);
        push @leftovers, grep { !$before{$_} } apt_leftovers();
    }
    command('rm', '-rf', '--', @leftovers) if @leftovers;
    rmdir for $had_apache ? qw(/var/www/html /var/www) : ();
    return (
        @kept  ? 'Packages that others need: ' . join(', ', @kept) . '.'                          : (),
        @asked ? 'Packages that somebody has asked apt for since: ' . join(', ', @asked) . '.' : ());
}

# Those that came as a need of others and that apt counts as asked for now. Without the list it is not known which ones
# runs asked for themselves.
sub asked_for_since {
    my (@ours) = @_;
    return () unless @ours && -f $named_list;
    my %named = map { $_ => 1 } split /\n/, slurp($named_list);
    my (undef, $text) = command('apt-mark', 'showmanual');
    my %manual = map { s/:\w+$//r => 1 } split /\n/, $text;
    return grep { my $name = s/:\w+$//r; $manual{$name} && !$named{$name} } @ours;
}

# Files and links of Apache's and certbot's that are as neither Debian nor Sixgate has put them there.
sub foreign_settings {
    my @packages = grep { /^(?:apache2|certbot|python3-certbot)/ } @_;
    my $certbot  = grep { /certbot/ } @packages;
    my @foreign  = $certbot ? map { "/etc/letsencrypt/renewal/$_.conf" } lineages() : ();
    my @folders  = grep { -d } +(grep { /^apache2/ } @packages) ? qw(/etc/apache2 /var/www) : (), $certbot ? '/etc/letsencrypt/renewal-hooks' : ();
    my (undef, $text) = @folders ? command('find', '-H', @folders, '(', '-type', 'f', '-o', '-type', 'l', ')', '-print0') : ();
    my @found = grep { !m{/zz-sixgate\.conf$} && !($_ eq '/var/www/html/index.html' && is_default_page($_)) } split /\0/, $text // '';
    # A link may lead anywhere, also in the place of a folder of Debian's.
    push @foreign, grep { -l && !is_usual_link($_) } @found;
    my @files = grep { !-l } @found;
    (undef, $text) = @files ? command('dpkg-query', '-S', '--', @files) : ();
    my %owned = map { $_ => 1 } ($text // '') =~ m{^[a-z0-9][^/]*: (/.+)$}mg;
    push @foreign, grep { !$owned{$_} } @files;
    # Debian's own ones that somebody has edited.
    (undef, $text) = @packages ? command('dpkg', '--verify', @packages) : ();
    push @foreign, ($text // '') =~ m{^..5\S*\s+c\s+(/etc/\S+)$}mg;
    return @foreign;
}

# What Debian's packages or runs have enabled.
sub is_usual_link {
    my ($link) = @_;
    my ($kind, $name, $end) = $link =~ m{^/etc/apache2/(mods|conf|sites)-enabled/([^/]+)\.(load|conf)$} or return 0;
    return 0 unless readlink($link) =~ m{^(?:\.\.|/etc/apache2)/$kind-available/\Q$name.$end\E$};
    return 1 if $kind eq 'mods' && -f $enabled_modules && grep { $_ eq $name } split /\n/, slurp($enabled_modules);
    # Debian enables its default site as if an administrator had.
    return 1 if $kind eq 'sites' && $name eq '000-default';
    my %noted = (mods => 'module', conf => 'conf', sites => 'site');
    return -e "/var/lib/apache2/$noted{$kind}/enabled_by_maint/$name";
}

# Apache's package makes it as a copy, and removes it.
sub is_default_page {
    my ($file) = @_;
    my $default = '/usr/share/apache2/default-site/index.html';
    return -f $default && slurp($file) eq slurp($default);
}

# What would go beyond these packages if they went, or come instead of them.
sub extras {
    my (@these) = @_;
    my %these = map { s/:\w+$//r => 1 } @these;
    my (undef, $text) = command('apt-get', '-s', '-q', 'purge', @these);
    return grep { !$these{$_} } $text =~ /^(?:Purg|Remv|Inst) ([^\s:]+)/mg;
}

sub extras_beyond {
    my ($ours, $one) = @_;
    my %ours = map { s/:\w+$//r => 1 } @$ours;
    return grep { !$ours{$_} } extras($one);
}

# Units of packages that stay.
sub units_as_found {
    for (-f $units_found ? split(/\n/, slurp($units_found)) : ()) {
        my ($unit, $enabled, $active) = split / /;
        command('systemctl', '--quiet', 'disable', $unit) if !$enabled && is_enabled($unit);
        command('systemctl', 'stop', $unit) if !$active && is_active($unit);
    }
}

# Last of all: the folder of this run itself goes when the run has told how it ended.
sub remove_files {
    command('rm', '-rf', '--', $base, $webroot);
    unlink $made_by, $attempts, $installed_list, $named_list, $enabled_modules, $found, $units_found;
    for my $folder (glob "$runs/*") { command('rm', '-rf', '--', $folder) unless $folder eq $dir || is_alive($folder); }
    $leaving = 1;
}

# Part of run.pl: Debian's packages.

sub do_packages {
    my ($is) = @_;
    my @names   = split_list($is);
    my @missing = missing_packages(@names);
    return ['unchanged', 'All are installed already.'] unless @missing;
    wait_for_others();
    my %before  = map { $_ => 1 } known_packages();
    put($found, 0600, join('', map { "$_\n" } apt_leftovers())) unless -e $found;
    remember_named(@missing);
    my @install = ('apt-get', '-y', '-q', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=120',
        '-o', 'Dpkg::Options::=--force-confold', 'install');
    my ($ok, $text) = command(@install, @missing);
    my $said = $text;
    if (!$ok) {
        # An installation was broken off before, or the lists of packages are missing or old.
        stop_here();
        my ($mended, $broken) = (1, '');
        my (undef, $audit) = command('dpkg', '--audit');
        if ($audit =~ /\S/ || $text =~ /dpkg --configure -a/) {
            event($step, 'note', 'Ending what an earlier installation left half done.');
            ($mended, $broken) = patiently(qr/lock/, {}, 'dpkg', '--force-confold', '--configure', '-a');
            stop_here();
        }
        event($step, 'note', 'Reading the lists of packages.');
        my ($updated, $old) = patiently(qr{lists/lock}, {}, 'apt-get', '-q', 'update');
        stop_here();
        ($ok, $text) = command(@install, '--fix-broken', @missing);
        remember_installed(\%before, $said . $text);
        failed('apt-get could not install ' . join(', ', @missing) . '.',
            join("\n", tail($text), $mended ? () : tail($broken), $updated ? () : tail($old)))
            unless $ok;
    }
    remember_installed(\%before, $said . $text) if $ok;
    @missing = missing_packages(@names);
    failed('After the installation these are still missing: ' . join(', ', @missing) . '.', tail($text)) if @missing;
    return ['done', 'Installed ' . join(', ', @names) . '.'];
}

sub installed_packages {
    my (undef, $text) = command('dpkg-query', '-W', '-f', '${binary:Package} ${db:Status-Status}\n');
    return map { /^(\S+) installed$/ ? $1 : () } split /\n/, $text;
}

# What Debian's package tools and certbot's timer leave beside the packages.
sub apt_leftovers {
    return grep { -e } glob '/var/lib/apt/lists/* /var/lib/apt/lists/auxfiles /var/cache/apt/*.bin /var/cache/ldconfig/aux-cache /var/lib/systemd/timers/stamp-certbot.timer';
}

# Also those that somebody's installation left half done: they are his.
sub known_packages {
    my (undef, $text) = command('dpkg-query', '-W', '-f', '${binary:Package} ${db:Status-Status}\n');
    return map { /^(\S+) (?!not-installed|config-files)\S+$/ ? $1 : () } split /\n/, $text;
}

sub missing_packages {
    my (@names) = @_;
    my (undef, $text) = command('dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', @names);
    my %there = map { /^(\S+) installed$/ ? ($1 => 1) : () } split /\n/, $text;
    return grep { !$there{$_} } @names;
}

# Packages stay when a run fails, so this list does, too. What somebody else installed meanwhile is not among what
# apt-get said.
sub remember_installed {
    my ($before, $said) = @_;
    my %new = map { s/:[^:]*$//r => 1 } $said =~ /^Selecting previously unselected package (\S+?)\.\s*$/mg;
    my %all = map { $_ => 1 } (-f $installed_list ? split(/\n/, slurp($installed_list)) : ()),
        grep { !$before->{$_} && $new{ s/:[^:]*$//r } } installed_packages();
    put($installed_list, 0600, join('', map { "$_\n" } sort keys %all));
}

# Before the installation: whoever asks apt for another one of the installed ones does so after it.
sub remember_named {
    my %all = map { $_ => 1 } (-f $named_list ? split(/\n/, slurp($named_list)) : ()), @_;
    put($named_list, 0600, join('', map { "$_\n" } sort keys %all));
}

# Waits, at most ten minutes, until nobody else works on the packages; says for whom.
sub wait_for_others {
    my $until = time + 600;
    my $told  = '';
    while (defined(my $who = packages_lock_holder())) {
        stop_here();
        failed("Debian's package tools are busy: $who does not end.", 'See what it waits for, then try again.') if time > $until;
        event($step, 'note', "Waiting for $who, which works on Debian's packages.") if $who ne $told;
        $told = $who;
        select(undef, undef, undef, 0.5);
    }
}

# "apt-get (process 123)"; undefined where nobody has a lock.
sub packages_lock_holder {
    my (%inode, %file);
    for (qw(/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock)) {
        my @is = stat or next;
        ($inode{ $is[1] }, $file{"$is[0] $is[1]"}) = (1, 1);
    }
    open(my $in, '<', '/proc/locks') or return undef;
    while (<$in>) {
        my ($pid, $inode) = /^\d+:\s+\w+\s+\w+\s+WRITE\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/ or next;
        next unless $inode{$inode} && $pid > 0;
        # Another file system has this number, too. (The device that is told here is not always that of stat.)
        next unless grep { my @is = stat; @is && $file{"$is[0] $is[1]"} } glob "/proc/$pid/fd/*";
        my $name = -r "/proc/$pid/comm" ? slurp("/proc/$pid/comm") : '';
        $name =~ s/[^A-Za-z0-9._-]//g;
        return ($name eq '' ? 'another program' : $name) . " (process $pid)";
    }
    return undef;
}

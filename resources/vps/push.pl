# Part of run.pl: the account, the keys and the service by which keepers tell the home's new address. They come after the
# activation and go with it: whether they can be had or not, visitors are served.

sub do_push {
    my ($is) = @_;
    return $is->{field}[0] eq 'on' ? push_on() : push_off();
}

sub push_on {
    my $release = "$current/push";
    failed('The current release has no push.') unless -f "$release/daemon.pl";
    push_account();
    my $fresh = -f $push_unit && slurp($push_unit) eq slurp("$release/$push_service");
    put($push_unit, 0644, slurp("$release/$push_service"));
    command('systemctl', 'daemon-reload') unless $fresh;
    my ($ok, $text) = command('systemctl', '--quiet', 'enable', $push_service);
    ($ok, $text) = command('systemctl', $fresh ? 'start' : 'restart', $push_service) if $ok;
    # It is there as soon as it listens.
    for (1 .. 50) {
        last if !$ok || -S $push_socket && is_active($push_service);
        select(undef, undef, undef, 0.1);
    }
    return ['done', 'Machines with a push key can tell the home\'s new address.'] if $ok && -S $push_socket && is_active($push_service);
    (undef, $text) = command('systemctl', 'status', '--no-pager', '--lines=15', $push_service) if $ok;
    failed("$push_service does not start.", tail($text));
}

# Nobody logs in by a password; its folder and its keys are root's.
sub push_account {
    my ($ok, $text) = command('groupadd', '--force', '--system', $push_account);
    my @how = ('--gid', $push_account, '--home-dir', $push_home, '--shell', '/bin/sh', '--password', '*');
    if ($ok && !defined getpwnam $push_account) {
        ($ok, $text) = command('useradd', '--system', '--no-create-home', @how, $push_account);
    }
    elsif ($ok) {
        s/^--home-dir$/--home/ for @how;
        ($ok, $text) = command('usermod', '--groups', '', @how, $push_account);
    }
    failed("The account $push_account could not be made.", tail($text)) unless $ok;
    for my $folder ($push_home, "$push_home/.ssh") {
        folder($folder, 0755);
        chown(0, 0, $folder) && chmod(0755, $folder) or failed("$folder: $!.");
    }
    link_to("$push_home/.ssh/authorized_keys", "$current/push/authorized_keys");
}

# Each part is done where it is still to do.
sub push_off {
    command('systemctl', '--quiet', 'disable', '--now', $push_service) if -e $push_unit;
    if (-e $push_unit) {
        unlink $push_unit or failed("$push_unit: $!.");
        command('systemctl', 'daemon-reload');
        command('systemctl', 'reset-failed', $push_service);
    }
    if (defined(my $uid = getpwnam $push_account)) {
        for (1 .. 50) {
            my @running = map { m{/(\d+)$} && ((stat $_)[4] // 0) == $uid ? $1 : () } glob '/proc/[0-9]*' or last;
            kill('KILL', @running);
            select(undef, undef, undef, 0.1);
        }
        my ($ok, $text) = command('userdel', $push_account);
        failed("The account $push_account could not be removed.", tail($text)) unless $ok;
    }
    command('groupdel', $push_account) if defined getgrnam $push_account;
    command('rm', '-rf', '--', $push_home, '/var/lib/sixgate/push');
    # What a daemon that was killed has left.
    command('ip', '-6', 'route', 'flush', 'proto', '86');
    my $hosts = -f '/etc/hosts' ? slurp('/etc/hosts') : '';
    (my $rest = $hosts) =~ s/^# BEGIN Sixgate\b.*?^# END Sixgate\n//msg;
    put('/etc/hosts', (stat '/etc/hosts')[2] & 07777, $rest) if $rest ne $hosts;
    return ['done', 'Nobody can tell the home\'s new address any more.'];
}

# A release that has it again, after one that had not.
sub push_goes_on { command('systemctl', 'start', $push_service) if -f $push_unit && -f "$current/push/daemon.pl"; }

sub push_is_there { return -e $push_unit || -e $push_home || defined getpwnam $push_account; }

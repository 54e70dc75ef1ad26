# Part of run.pl: what tells by mail and by webhooks when the home falls silent. It comes after the push, whose service it
# asks. Its settings hold secrets: they are outside of the releases, and neither in their manifests nor among the copies
# of what people edited.

sub do_alarm {
    my ($is) = @_;
    my ($blob) = $is->{field}[0] =~ /^on\t(\d+)\t/;
    return defined $blob ? alarm_on(slurp("$dir/files/$blob")) : alarm_off();
}

sub alarm_on {
    my ($settings) = @_;
    my $release = "$current/push";
    failed('The current release has no alarm.') unless -f "$release/alarm.py";
    failed('There is no push service that could be asked.') unless defined getgrnam $push_account;
    put($alarm_settings, 0600, $settings);
    for my $name ($alarm_service, $alarm_timer) { put("$units/$name", 0644, slurp("$release/$name")); }
    command('systemctl', 'daemon-reload');
    # The state's folder is another one with a user of the service's own.
    my ($ok, $text) = command({ seconds => 170 }, 'systemctl', 'start', $alarm_service);
    ($ok, $text) = command('systemctl', '--quiet', 'enable', $alarm_timer) if $ok;
    ($ok, $text) = command('systemctl', 'restart', $alarm_timer) if $ok;
    return ['done', 'When the home falls silent, that is told.'] if $ok && is_active($alarm_timer);
    (undef, $text) = command('systemctl', 'status', '--no-pager', '--lines=15', $alarm_service, $alarm_timer);
    failed("$alarm_service does not run.", tail($text));
}

# Each part is done where it is still to do.
sub alarm_off {
    my @there = grep { -e "$units/$_" } $alarm_timer, $alarm_service;
    command('systemctl', '--quiet', 'disable', $alarm_timer) if -e "$units/$alarm_timer";
    command('systemctl', 'stop', @there) if @there;
    for (@there) { unlink "$units/$_" or failed("$units/$_: $!."); }
    if (@there) {
        command('systemctl', 'daemon-reload');
        command('systemctl', 'reset-failed', @there);
    }
    unlink $alarm_settings;
    failed("$alarm_settings: $!.") if -e $alarm_settings;
    command('rm', '-rf', '--', map { ("$_/private/sixgate-alarm", "$_/sixgate-alarm") } '/var/lib', '/run');
    return ['done', 'Nobody is told any more when the home falls silent.'];
}

sub alarm_is_there { return grep { -e } $alarm_settings, "$units/$alarm_service", "$units/$alarm_timer", '/var/lib/private/sixgate-alarm', '/var/lib/sixgate-alarm'; }

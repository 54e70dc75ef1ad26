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
    my $own_mail = -f "$release/$mail_socket";    # the mail leaves by a program of this machine's
    if ($own_mail) {
        put("$units/$mail_socket", 0644, slurp("$release/$mail_socket"));
        put("$units/$mail_service", 0644, slurp("$release/sixgate-alarm-mail.service"));
    }
    else { take_units_away($mail_socket, $mail_service); }
    command('systemctl', 'daemon-reload');
    my ($ok, $text) = (1, '');
    ($ok, $text) = command('systemctl', '--quiet', 'enable', $mail_socket) if $own_mail;
    ($ok, $text) = command('systemctl', 'restart', $mail_socket) if $own_mail && $ok;
    ($ok, $text) = command({ seconds => 170 }, 'systemctl', 'start', $alarm_service) if $ok;
    ($ok, $text) = command('systemctl', '--quiet', 'enable', $alarm_timer) if $ok;
    ($ok, $text) = command('systemctl', 'restart', $alarm_timer) if $ok;
    return ['done', 'When the home falls silent, that is told.'] if $ok && is_active($alarm_timer);
    (undef, $text) = command('systemctl', 'status', '--no-pager', '--lines=15', $alarm_service, $alarm_timer, $own_mail ? $mail_socket : ());
    failed("$alarm_service does not run.", tail($text));
}

# Each part is done where it is still to do.
sub alarm_off {
    take_units_away($alarm_timer, $alarm_service, $mail_socket, $mail_service);
    unlink $alarm_settings;
    failed("$alarm_settings: $!.") if -e $alarm_settings;
    command('rm', '-rf', '--', map { ("$_/private/sixgate-alarm", "$_/sixgate-alarm") } '/var/lib', '/run');
    return ['done', 'Nobody is told any more when the home falls silent.'];
}

sub take_units_away {
    my @there = grep { -e "$units/$_" } @_ or return;
    my @enabled = grep { /\.(?:timer|socket)$/ } @there;
    my @running = map { s/@\./@*./r } @there;    # a template's, all of them
    command('systemctl', '--quiet', 'disable', @enabled) if @enabled;
    command('systemctl', 'stop', @running);
    for (@there) { unlink "$units/$_" or failed("$units/$_: $!."); }
    command('systemctl', 'daemon-reload');
    command('systemctl', 'reset-failed', @running);
}

sub alarm_is_there { return grep { -e } $alarm_settings, (map { "$units/$_" } $alarm_service, $alarm_timer, $mail_socket, $mail_service), '/var/lib/private/sixgate-alarm', '/var/lib/sixgate-alarm'; }

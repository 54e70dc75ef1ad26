# Part of run.pl: what rehearses the renewal of certificates. It comes after the activation, and nobody waits for it: it
# runs as a unit of its own, at once and each week, and facts.pl tells how it ended.

sub do_renewals {
    my ($is) = @_;
    return $is->{field}[0] eq 'on' ? renewals_on() : renewals_off();
}

sub renewals_on {
    my $release = "$current/renewal";
    failed('The current release has no rehearsal of renewals.') unless -f "$release/test.pl";
    for my $name ($renewal_service, $renewal_timer) { put("$units/$name", 0644, slurp("$release/$name")); }
    command('systemctl', 'daemon-reload');
    my ($ok, $text) = command('systemctl', '--quiet', 'enable', $renewal_timer);
    ($ok, $text) = command('systemctl', 'restart', $renewal_timer) if $ok;
    ($ok, $text) = command('systemctl', 'restart', '--no-block', $renewal_service) if $ok;
    return ['done', 'certbot rehearses the renewal now, and each week; "sixgatectl check" tells where one would fail.'] if $ok && is_active($renewal_timer);
    failed("$renewal_timer does not run.", tail($text));
}

# Each part is done where it is still to do.
sub renewals_off {
    take_units_away($renewal_timer, $renewal_service);
    command('rm', '-rf', '--', $renewal_state, "/var/lib/systemd/timers/stamp-$renewal_timer");
    return ['done', 'Renewals are no longer rehearsed.'];
}

# Carries a plan out on the VPS: perl run.pl DIR, as root, in a transient unit. Needs perl-base, coreutils and dpkg; what
# it calls beyond them, a step has installed before. The bundle holds it in one with the other .pl files that say so.
#
# DIR/steps has one step a line, fields separated by tabs:
#   packages    ID NAME…
#   write       ID PATH MODE OLD-SHA256|- NEW-SHA256 BLOB       the content is DIR/files/BLOB
#   delete      ID PATH OLD-SHA256
#   modules     ID NAME…
#   certificate ID LINEAGE URL-BASE64 MAIL-BASE64|- SECONDS CREDENTIALS-PATH NAME,NAME…     by DNS-01: NAME.ini for RFC 2136,
#                                                                                           NAME.json for acme/hook.pl
#   certificate ID LINEAGE URL-BASE64 MAIL-BASE64|- http VPS-NAME NAME,NAME…                by HTTP-01, see rehearsal.pl
#   certificate ID LINEAGE URL-BASE64 MAIL-BASE64|- delegated VPS-NAME NAME,NAME…           by DNS-01, see delegation.pl
#   site        ID NAME
#   firewall    ID PORT[,PORT] ufw, or … nftables FAMILY TABLE CHAIN    80/6: over IPv6; 53: UDP and TCP over both
#   activate    ID RELEASE OLD-RELEASE|-                        exactly one; after it only push, alarm, renewals, forget, and
#                                                               delete of credentials
#   push        ID on|off
#   alarm       ID off, or ID on BLOB SHA256                    the settings are DIR/files/BLOB
#   renewals    ID on|off                                   rehearses the renewal of certificates, now and each week
#   forget      ID LINEAGE
#
#   back        ID RELEASE OLD-RELEASE                          instead of an activation: to the release before
#   remove      ID purge|keep                                   instead of an activation: takes everything away
#
# DIR/log gets one line an event, texts in base64, and at last the result, which DIR/result holds, too:
#   step   ID started|done|unchanged|failed|undone|note|told TEXT
#   result done|failed|moved|cancelled SUMMARY DETAIL
#
# Paths below /etc/sixgate/current/ are built in a new release beside the current one, checked together, and become
# current by one rename. When a step fails, everything is undone by the journal DIR/undo (see undo.pl); packages and
# certificates stay. SIGTERM before the rename undoes all, after it the run finishes. A run that is killed, or whose
# machine stops, is undone afterwards: systemd starts "run.pl DIR after" or, at boot, "run.pl DIR boot".
my ($cancelled, $stoppable);    # asked to stop; process to be told, too
BEGIN {
    ($cancelled, $stoppable) = (0, 0);
    $SIG{TERM} = $SIG{INT} = sub { $cancelled = 1; kill('TERM', $stoppable) if $stoppable; };
    $SIG{HUP}  = $SIG{PIPE} = 'IGNORE';
}
use strict;
use warnings;
use Fcntl qw(:flock);
use POSIX ();

my $base    = '/etc/sixgate';
my $current = "$base/current";
my $active  = "$base/active";    # what current was when it had proven itself
my $runs    = '/var/lib/sixgate/runs';
my $made_by = '/var/lib/sixgate/made-by';    # RELEASE TIME VERSION WHO of the current release
my $installed_list  = '/var/lib/sixgate/installed';  # packages that runs installed, with all that they need
my $named_list = '/var/lib/sixgate/named';    # those of them that runs asked for; the others came as their needs
my $found = '/var/lib/sixgate/found';    # what was there of apt_leftovers() before the first run
my $units_found = '/var/lib/sixgate/units';    # NAME ENABLED ACTIVE of what was there before the first deployment
my $enabled_modules = '/var/lib/sixgate/modules';    # what runs enabled in Apache
my ($push_account, $push_home) = ('sixgate-push', '/var/lib/sixgate-push');
my $push_service = 'sixgate-push.service';
my ($push_unit, $push_socket) = ("/etc/systemd/system/$push_service", '/run/sixgate-push/socket');
my $units = '/etc/systemd/system';
my ($alarm_service, $alarm_timer) = ('sixgate-alarm.service', 'sixgate-alarm.timer');
my ($mail_socket, $mail_service) = ('sixgate-alarm-mail.socket', 'sixgate-alarm-mail@.service');
my ($renewal_service, $renewal_timer) = ('sixgate-renewal-test.service', 'sixgate-renewal-test.timer');
my $renewal_state = '/var/lib/sixgate-renewal';
my $alarm_settings = "$base/alarm.json";    # with secrets
my $acme_hook = "$base/acme/hook.pl";    # carries out the talks beside it, for certbot
my $delegated = 'delegated';    # marks what certbot renews by answering on port 53 for Sixgate
my $webroot = '/var/lib/sixgate-acme';    # of HTTP-01's challenges; Apache's workers cannot enter /var/lib/sixgate
my $attempts = '/var/lib/sixgate/acme-attempts';    # what the authority counts: see certificates.pl
my $challenge_site = '/etc/apache2/sites-enabled/zz-sixgate-challenge.conf';    # while certificates are got
my $lock_file = '/run/sixgate.lock';    # not in /run/lock, where anybody may make files
my $leaving = 0;      # the last run of all
my $edited  = '/var/lib/sixgate/edited';     # copies of what people changed by hand
my ($dir, $mode) = @ARGV;
die "usage: run.pl DIR [after|boot|tidy]\n" unless defined $dir && $dir =~ m{^/.+/([0-9a-z-]+)$};
my $run = $1;

$ENV{PATH}            = '/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL}          = 'C';
$ENV{HOME}            = '/root';
$ENV{DEBIAN_FRONTEND} = 'noninteractive';
$ENV{NEEDRESTART_MODE} = 'l';
umask 022;
chdir '/';

my $swapped = 0;      # beyond the point of return
my $proven  = 0;      # beyond all failing
my $step    = '-';    # identifier of the one at work
my @steps;
my $activation;
my $release;          # name of the new one below releases/
my $started_from;     # hashes of the current release's files, by path
my %changed_sites;    # service files that this run writes: their names are probed
my $token = join '', map { sprintf '%04x', int rand 65536 } 1 .. 8;    # what comes back with it came from the home
my $challenging = 0;  # Apache shows the challenges of this run
my ($log, $lock, $journal);
my %owner = (who => '', version => '');    # who carries the plan out, with which Sixgate
my $remembered  = 0;  # how much is noted in the journal with its content
my $rescue      = '/etc/systemd/system/sixgate-recover.service';
my $rescue_link = '/etc/systemd/system/multi-user.target.wants/sixgate-recover.service';

if (defined $mode) { exit($mode =~ /^(?:after|boot|tidy)$/ && recover() ? 0 : 1); }
open_log();
my $verdict = eval { main(); 1 } ? { verdict => 'done', summary => 'Everything was done.' } : $@;
$verdict = { verdict => 'failed', summary => 'The run broke off.', detail => "$verdict" } unless ref $verdict;
finish($verdict);
exit($verdict->{verdict} eq 'done' ? 0 : 1);

# ---------------------------------------------------------------- the way

sub main {
    read_steps();
    read_owner();
    take_lock(5) or failed('Another run of Sixgate is at work on this machine' . lock_owner() . '.', 'Wait until it has ended, then try again.');
    my $deployed = deployed();
    tidy();
    check_blobs();
    check_expectations($deployed);
    arm();
    keep_edited($activation->{kind} eq 'back' ? 'all' : ());
    note_units_found() if $deployed eq '-' && !-l $current;
    $started_from = sums(current_files()) unless $activation->{kind} eq 'remove';
    prepare_release() if $activation->{kind} eq 'activate';
    my %do = (
        packages => \&do_packages, write => \&do_write, delete => \&do_delete, modules => \&do_modules,
        certificate => \&do_certificate, site => \&do_site, firewall => \&do_firewall, activate => \&do_activate, forget => \&do_forget,
        push => \&do_push, alarm => \&do_alarm, renewals => \&do_renewals, back => \&do_back, remove => \&do_remove,
    );
    for my $one (@steps) {
        $step = $one->{id};
        stop_here();
        event($step, 'started', '');
        my $text = eval { $do{ $one->{kind} }->($one) };
        if (my $why = $@) {
            $why = { verdict => 'failed', summary => "$step failed.", detail => "$why" } unless ref $why;
            event($step, 'failed', $why->{summary}) unless $why->{verdict} eq 'cancelled';
            # What nothing needs any more is in nobody's way; the next plan has it again.
            next if $proven;
            die $why;
        }
        my ($state, $line) = @$text;
        event($step, $state, $line);
    }
}

sub cancelled { return { verdict => 'cancelled', summary => 'Cancelled; everything was undone (packages and certificates that were got stay).' }; }
sub stop_here { die cancelled() if $cancelled && !$swapped; }
sub stop { my ($kind, $summary, $detail) = @_; die { verdict => $kind, summary => $summary, detail => $detail // '' }; }
sub failed { my ($summary, $detail) = @_; stop('failed', $summary, $detail); }

sub read_steps {
    open(my $in, '<:raw', "$dir/steps") or failed("The plan is not there: $!.");
    my $word   = qr/[A-Za-z0-9][A-Za-z0-9.+_-]*/;
    my $path   = qr{/etc/(?:sixgate|apache2/sites-available)/[A-Za-z0-9._/-]+};
    my $sha    = qr/[0-9a-f]{64}/;
    my $base64 = qr{[A-Za-z0-9+/=]+};
    my $rules  = qr/[A-Za-z_][A-Za-z0-9_.-]{0,127}/;
    my %form   = (
        packages    => qr/^($word)((?:\t$word)+)$/,
        write       => qr/^($word)\t($path)\t([0-7]{3,4})\t($sha|-)\t($sha)\t(\d+)$/,
        delete      => qr/^($word)\t($path)\t($sha)$/,
        modules     => qr/^($word)((?:\t$word)+)$/,
        certificate => qr/^($word)\t($word)\t($base64)\t($base64|-)\t(?:(\d{1,4})\t($path)|(http|delegated)\t([a-z0-9.-]+))\t([a-z0-9.,-]+)$/,
        site        => qr/^($word)\t($word)$/,
        firewall    => qr{^($word)\t((?:80|443|80,443)(?=\t(?:ufw$|nftables\t(?:inet|ip)\t))|80/6(?=\t(?:ufw$|nftables\t(?:inet|ip6)\t))|53)\t(ufw|nftables\t(?:inet|ip6?)(?:\t$rules){2})$},
        activate    => qr/^($word)\t([0-9a-f]{16})\t([0-9a-f]{16}|-)$/,
        forget      => qr/^($word)\t($word)$/,
        push        => qr/^($word)\t(on|off)$/,
        renewals    => qr/^($word)\t(on|off)$/,
        alarm       => qr/^($word)\t(off|on\t\d+\t$sha)$/,
        back        => qr/^($word)\t([0-9a-f]{16})\t([0-9a-f]{16})$/,
        remove      => qr/^($word)\t(purge|keep)$/,
    );
    my $after = 0;
    while (my $line = <$in>) {
        chomp $line;
        my ($kind, $rest) = split /\t/, $line, 2;
        my $form = $form{ $kind // '' } or failed('The plan has an unknown step.');
        my @field = ($rest // '') =~ $form or failed("The plan has a bad step of kind $kind.");
        failed('The plan has a bad path.') if grep { defined && m{/\.\.?(?:/|$)|//} } @field[ 1, 5 ];
        push @steps, { kind => $kind, id => shift @field, field => \@field };
        my $late = $kind =~ /^(?:forget|push|alarm|renewals)$/ || $kind eq 'delete' && $after;
        failed("The plan has a step of kind $kind in a wrong place.")
            if $late != $after || $kind eq 'delete' && $late && $steps[-1]{field}[0] !~ m{^$base/acme/};
        ($activation, $after) = ($steps[-1], 1) if $kind =~ /^(?:activate|back|remove)$/;
    }
    failed('The plan has no activation.') unless $activation;
    failed('A way back and a removal are plans of their own.') if $activation->{kind} ne 'activate' && @steps > 1;
}

sub read_owner {
    for (-f "$dir/owner" ? slurp("$dir/owner") =~ /^(.+)\n/mg : ()) { $owner{$1} = unbase64($2) if /^(who|version) (\S+)$/; }
    for (values %owner) { s/[^ -~]/?/g; $_ = substr($_, 0, 100); }
}

sub check_blobs {
    my %expected = map { ("$dir/files/$_->{field}[4]" => $_->{field}[3]) } grep { $_->{kind} eq 'write' } @steps;
    for (@steps) { $expected{"$dir/files/$1"} = $2 if $_->{kind} eq 'alarm' && $_->{field}[0] =~ /^on\t(\d+)\t(\S+)$/; }
    my $sums = sums(keys %expected);
    for (keys %expected) { failed('The bundle arrived damaged.') unless ($sums->{$_} // '') eq $expected{$_}; }
}

# Reality must be what the plan was made from; looked at before anything is touched.
sub check_expectations {
    my ($deployed) = @_;
    my %expected;
    for (@steps) {
        $expected{ $_->{field}[0] } = $_->{field}[2] if $_->{kind} eq 'write';
        $expected{ $_->{field}[0] } = $_->{field}[1] if $_->{kind} eq 'delete';
    }
    my $sums = sums(grep { -f } keys %expected);
    for my $path (sort keys %expected) { moved($path) unless ($sums->{$path} // '-') eq $expected{$path}; }
    return if $activation->{kind} eq 'remove';
    my $expected = $activation->{field}[1];
    stop('moved', 'The current release is not the one that the plan was made from; nothing was changed.',
        "It is $deployed, expected was $expected.")
        unless $deployed eq $expected;
}

# Only of packages that are there: those that a run brings are as Debian makes them.
sub note_units_found {
    my %package = ('apache2.service' => 'apache2', 'certbot.timer' => 'certbot');
    my @there = grep { !missing_packages($package{$_}) } sort keys %package;
    put($units_found, 0600, join('', map { join(' ', $_, is_enabled($_), is_active($_)) . "\n" } @there));
}

sub moved {
    my ($path, $so) = @_;
    stop('moved', "$path was changed since the plan was made; " . ($so // 'nothing was changed.'));
}
sub moved_meanwhile { moved($_[0], 'what this run did before is undone (packages and certificates stay).'); }

sub prepare_release {
    $release = "$activation->{field}[0]-$run";
    folder($base, 0755);
    folder("$base/releases", 0755);
    my $new = "$base/releases/$release";
    note_down('tree', $new);
    mkdir($new, 0755) or failed("$new: $!.");
    if (-d "$current/") {
        my ($ok, $text) = command('cp', '-a', '--', "$current/.", "$new/");
        failed('The current release could not be copied.', $text) unless $ok;
    }
}

# ---------------------------------------------------------------- steps

sub do_write {
    my ($is) = @_;
    my ($path, $bits, $old, undef, $blob) = @{ $is->{field} };
    my $content = slurp("$dir/files/$blob");
    my $target  = place($path);
    if ($target eq $path) {
        my $is = sums(grep { -f } $path)->{$path} // '-';
        moved_meanwhile($path) unless $is eq $old;
        remember($path);
    }
    put($target, oct($bits), $content);
    $changed_sites{$target} = 1 if $target =~ m{/apache/[^/]+\.conf$};
    my $same = slurp($target) eq $content && ((stat $target)[2] & 07777) == oct($bits);
    failed("$path does not hold what was written.") unless $same;
    return ['done', $target eq $path ? 'Written.' : 'Written beside the current release.'];
}

sub do_delete {
    my ($is) = @_;
    my ($path, $old) = @{ $is->{field} };
    my $target = place($path);
    if ($target eq $path) {
        my $same = (sums(grep { -f } $path)->{$path} // '-') eq $old;
        if ($proven) {
            failed("$path was changed since the plan was made; it stays.") unless $same;
            my ($user) = grep { means($_) eq $path || $path eq $acme_hook && means($_) =~ /\.json$/ } lineages();
            failed("$path stays: certbot renews the certificate $user by it.") if defined $user;
        }
        else {
            moved_meanwhile($path) unless $same;
            remember($path);
        }
    }
    return ['unchanged', 'It is gone already.'] unless -e $target;
    unlink($target) or failed("$path could not be removed: $!.");
    return ['done', 'Removed.'];
}

sub do_modules {
    my ($is) = @_;
    my @names = split_list($is);
    my $missing = sub { grep { !-e "/etc/apache2/mods-enabled/$_.load" } @names };
    my @enable = $missing->() or return ['unchanged', 'All are enabled already.'];
    my @all = with_needed(@enable);
    remember_modules(@all);
    for my $name (@all) {
        remember($_) for marks('module', $name), grep { !-e } map { "/etc/apache2/mods-enabled/$name.$_" } qw(load conf);
    }
    my ($ok, $text) = command('a2enmod', '-q', @enable);
    failed('Apache\'s modules could not be enabled: ' . join(', ', $missing->()) . '.', tail($text)) if !$ok || $missing->();
    return ['done', 'Enabled ' . join(', ', @enable) . '.'];
}

# Those that a run enabled and that were not enabled before: a removal disables them. Too many do no harm.
sub remember_modules {
    my (@names) = @_;
    my %all = map { $_ => 1 } (-f $enabled_modules ? split(/\n/, slurp($enabled_modules)) : ()), grep { !-e "/etc/apache2/mods-enabled/$_.load" } @names;
    put($enabled_modules, 0600, join('', map { "$_\n" } sort keys %all));
}

sub do_site {
    my ($is) = @_;
    my ($name) = @{ $is->{field} };
    my $link = "/etc/apache2/sites-enabled/$name.conf";
    return ['unchanged', 'It is enabled already.'] if -e $link;
    remember($_) for $link, marks('site', $name);
    my ($ok, $text) = command('a2ensite', '-q', $name);
    failed("Apache's site $name could not be enabled.", tail($text)) unless $ok && -e $link;
    return ['done', 'Enabled.'];
}

sub do_activate {
    make_nameless_certificate();
    make_webroot() if -f "$base/releases/$release/apache/00-challenge.conf";
    command('sync', '-f', "$base/releases/$release");
    swap();
    return ['done', 'Apache answers with the new configuration.'];
}

sub do_back {
    my ($is) = @_;
    my ($id) = @{ $is->{field} };
    ($release) = map { m{/($id-[0-9a-z-]+)$} ? $1 : () } grep { -f "$_/manifest" } glob "$base/releases/*";
    failed('The deployment before the current one is no longer there.') unless defined $release;
    make_webroot() if -f "$base/releases/$release/apache/00-challenge.conf";
    swap();
    push_goes_on();
    return ['done', 'Apache answers with the configuration of before.'];
}

# Makes the release current, if Apache takes it and answers with it.
sub swap {
    remember("$base/staged");
    link_to("$base/staged", "releases/$release");
    my ($ok, $text) = command('apache2ctl', '-t', '-D', 'SIXGATE_STAGED');
    my ($file) = $text =~ m{ of (/\S+?):?$}m;
    failed("Apache refuses $file, which is not Sixgate's; the old configuration goes on.", 'Mend that file, then try again. ' . tail($text))
        if !$ok && defined $file && $file !~ m{^$base/|/zz-sixgate\.conf$};
    failed('Apache refuses the new configuration; the old one goes on.', tail($text)) unless $ok;
    my $previous = readlink($current);
    remember($_) for $current, $active, $made_by;
    stop_here();
    my $good = good_homes();
    look_ahead($good);
    stop_here();
    nobody_edited();
    $swapped = 1;
    unlink $challenge_site;    # the release itself has it
    link_to($current, "releases/$release");
    unlink "$base/staged";
    start_apache();
    probe($good);
    link_to($active, "releases/$release");
    put($made_by, 0600, join("\t", $activation->{field}[0], time, map { base64($owner{$_}) } qw(version who)) . "\n");
    command('sync', '-f', $base);
    forget_journal();
    $proven = 1;
    prune($previous);
}

# Packages and certificates take minutes: what somebody writes into the current release meanwhile is in no copy, and would
# go with it.
sub nobody_edited {
    my $now = sums(current_files());
    for my $path (sort keys %{ { %$started_from, %$now } }) {
        moved_meanwhile($path) unless ($now->{$path} // '-') eq ($started_from->{$path} // '-');
    }
}

# The new release stays, and the last one that is not the same: an activation alone makes the same once more, and one step
# back from there would lead nowhere.
sub prune {
    my ($previous) = @_;
    my ($id) = $release =~ /^([0-9a-f]{16})-/;
    my @others = sort { (stat "$base/$b")[9] <=> (stat "$base/$a")[9] } grep { !m{^releases/$id-} }
        map { s{^\Q$base\E/}{}r } grep { -f "$_/manifest" } glob "$base/releases/*";
    my ($before) = grep { defined && !m{^releases/$id-} } $previous, @others;
    my %keep = map { $_ => 1 } grep { defined } "releases/$release", $before;
    for my $old (glob "$base/releases/*") {
        (my $name = $old) =~ s{^\Q$base\E/}{};
        command('rm', '-rf', '--', $old) unless $keep{$name};
    }
}


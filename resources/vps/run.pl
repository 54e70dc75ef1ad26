# Carries a plan out on the VPS: perl run.pl DIR, as root, in a transient unit. Needs perl-base, coreutils and dpkg; what
# it calls beyond them, a step has installed before.
#
# DIR/steps has one step a line, fields separated by tabs:
#   packages    ID NAME…
#   write       ID PATH MODE OLD-SHA256|- NEW-SHA256 BLOB       the content is DIR/files/BLOB
#   delete      ID PATH OLD-SHA256
#   modules     ID NAME…
#   certificate ID LINEAGE URL-BASE64 MAIL-BASE64|- SECONDS CREDENTIALS-PATH NAME,NAME…
#   site        ID NAME
#   activate    ID RELEASE OLD-RELEASE|-                        the last step, exactly one
#
# DIR/log gets one line an event, texts in base64, and at last the result, which DIR/result holds, too:
#   step   ID started|done|unchanged|failed|note TEXT
#   result done|failed|moved|cancelled SUMMARY DETAIL
#
# Paths below /etc/sixgate/current/ are built in a new release beside the current one, checked together, and become
# current by one rename. Everything else is undone when a step fails; packages and certificates stay. SIGTERM before the
# rename undoes all, after it the run finishes.
use strict;
use warnings;
use Fcntl qw(:flock);
use POSIX ();

my $base    = '/etc/sixgate';
my $current = "$base/current";
my ($dir) = @ARGV;
die "usage: run.pl DIR\n" unless defined $dir && $dir =~ m{^/.+/([0-9a-z-]+)$};
my $run = $1;

$ENV{PATH}            = '/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL}          = 'C';
$ENV{HOME}            = '/root';
$ENV{DEBIAN_FRONTEND} = 'noninteractive';
$ENV{NEEDRESTART_MODE} = 'l';
umask 022;
chdir '/';

my $cancelled = 0;    # asked to stop
my $stoppable = 0;    # process to be told, too
my $swapped   = 0;    # beyond the point of return
my @undo;             # what to do backwards, newest last: [what, code]
$SIG{TERM} = $SIG{INT} = sub { $cancelled = 1; kill('TERM', $stoppable) if $stoppable; };
$SIG{HUP}  = $SIG{PIPE} = 'IGNORE';

my $old_mask = umask 077;
open(my $log, '>>', "$dir/log") or die "$dir/log: $!\n";
umask $old_mask;
$log->autoflush(1);
STDOUT->autoflush(1);

my @steps;
my $release;          # name of the new one below releases/
my %changed_sites;    # service files that this run writes: their names are probed

my $lock;
my $verdict = eval { main(); 1 } ? { verdict => 'done', summary => 'Everything was done.' } : $@;
$verdict = { verdict => 'failed', summary => 'The run broke off.', detail => "$verdict" } unless ref $verdict;
if ($verdict->{verdict} ne 'done') {
    my @failed;
    for my $undo (reverse @undo) {
        eval { $undo->[1]->(); 1 } or push @failed, "$undo->[0]: " . (ref $@ ? $@->{summary} : $@);
    }
    $verdict->{detail} = join("\n", grep { length } $verdict->{detail} // '', 'Not undone: ' . join('; ', @failed)) if @failed;
}
# Contents and old contents may be secret; the log and the result are not.
system('rm', '-rf', '--', "$dir/files", "$dir/old", "$dir/steps", "$dir/run.pl");
result($verdict);
exit($verdict->{verdict} eq 'done' ? 0 : 1);

# ---------------------------------------------------------------- the way

sub main {
    @steps = read_steps();
    take_lock();
    tidy();
    check_blobs();
    check_expectations();
    prepare_release();
    my %do = (
        packages => \&do_packages, write => \&do_write, delete => \&do_delete, modules => \&do_modules,
        certificate => \&do_certificate, site => \&do_site, activate => \&do_activate,
    );
    for my $step (@steps) {
        stop_here();
        event($step->{id}, 'started', '');
        my $text = eval { $do{ $step->{kind} }->($step) };
        if (my $why = $@) {
            $why = { verdict => 'failed', summary => "$step->{id} failed.", detail => "$why" } unless ref $why;
            event($step->{id}, 'failed', $why->{summary}) unless $why->{verdict} eq 'cancelled';
            die $why;
        }
        my ($state, $line) = @$text;
        event($step->{id}, $state, $line);
    }
    @undo = ();
}

sub stop_here { stop('cancelled', 'Cancelled; everything was undone (packages and certificates that were got stay).') if $cancelled && !$swapped; }
sub stop { my ($kind, $summary, $detail) = @_; die { verdict => $kind, summary => $summary, detail => $detail // '' }; }
sub failed { my ($summary, $detail) = @_; stop('failed', $summary, $detail); }

sub read_steps {
    open(my $in, '<:raw', "$dir/steps") or failed("The plan is not there: $!.");
    my $word   = qr/[A-Za-z0-9][A-Za-z0-9.+_-]*/;
    my $path   = qr{/etc/(?:sixgate|apache2/sites-available)/[A-Za-z0-9._/-]+};
    my $sha    = qr/[0-9a-f]{64}/;
    my $base64 = qr{[A-Za-z0-9+/=]+};
    my %form   = (
        packages    => qr/^($word)((?:\t$word)+)$/,
        write       => qr/^($word)\t($path)\t([0-7]{3,4})\t($sha|-)\t($sha)\t(\d+)$/,
        delete      => qr/^($word)\t($path)\t($sha)$/,
        modules     => qr/^($word)((?:\t$word)+)$/,
        certificate => qr/^($word)\t($word)\t($base64)\t($base64|-)\t(\d{1,4})\t($path)\t([a-z0-9.,-]+)$/,
        site        => qr/^($word)\t($word)$/,
        activate    => qr/^($word)\t([0-9a-f]{16})\t([0-9a-f]{16}|-)$/,
    );
    my @read;
    while (my $line = <$in>) {
        chomp $line;
        my ($kind, $rest) = split /\t/, $line, 2;
        my $form = $form{ $kind // '' } or failed('The plan has an unknown step.');
        my @field = ($rest // '') =~ $form or failed("The plan has a bad step of kind $kind.");
        failed('The plan has a bad path.') if grep { defined && m{/\.\.?(?:/|$)|//} } @field[ 1, 5 ];
        push @read, { kind => $kind, id => shift @field, field => \@field };
    }
    failed('The plan does not end with one activation.')
        unless @read && $read[-1]{kind} eq 'activate' && 1 == grep { $_->{kind} eq 'activate' } @read;
    return @read;
}

sub take_lock {
    # Not in /run/lock, where anybody may make files.
    open($lock, '>>', '/run/sixgate.lock') or failed("/run/sixgate.lock: $!.");
    for (1 .. 50) {
        return if flock($lock, LOCK_EX | LOCK_NB);
        select(undef, undef, undef, 0.1);
        stop_here();
    }
    failed('Another run of Sixgate is at work on this machine.', 'Wait until it has ended, then try again.');
}

# What a run that was killed left behind: contents, and the link to a release that never became current.
sub tidy {
    for my $folder (glob '/var/lib/sixgate/runs/*') {
        next if $folder eq $dir || is_alive($folder);
        system('rm', '-rf', '--', "$folder/files", "$folder/old", "$folder/steps", "$folder/run.pl");
    }
    unlink "$base/staged";
    my @runs = sort { (stat $a)[9] <=> (stat $b)[9] } grep { -d } glob '/var/lib/sixgate/runs/*';
    while (@runs > 20) { my $oldest = shift @runs; system('rm', '-rf', '--', $oldest) unless $oldest eq $dir; }
}

# A bundle that is just arriving, or a run that waits for the lock.
sub is_alive {
    my ($folder) = @_;
    return 0 if -e "$folder/result";
    return 1 if !-e "$folder/log" && -M $folder < 600 / 86400;
    my ($active) = command('systemctl', 'is-active', '--quiet', 'sixgate-apply-' . ($folder =~ m{([^/]+)$})[0] . '.service');
    return $active;
}

sub check_blobs {
    my %expected = map { ("$dir/files/$_->{field}[4]" => $_->{field}[3]) } grep { $_->{kind} eq 'write' } @steps;
    my $sums = sums(keys %expected);
    for (keys %expected) { failed('The bundle arrived damaged.') unless ($sums->{$_} // '') eq $expected{$_}; }
}

# Reality must be what the plan was made from; looked at before anything is touched.
sub check_expectations {
    my %expected;
    for (@steps) {
        $expected{ $_->{field}[0] } = $_->{field}[2] if $_->{kind} eq 'write';
        $expected{ $_->{field}[0] } = $_->{field}[1] if $_->{kind} eq 'delete';
    }
    my $sums = sums(grep { -f } keys %expected);
    for my $path (sort keys %expected) { moved($path) unless ($sums->{$path} // '-') eq $expected{$path}; }
    my $expected = $steps[-1]{field}[1];
    stop('moved', 'The current release is not the one that the plan was made from; nothing was changed.',
        'It is ' . deployed() . ", expected was $expected.")
        unless deployed() eq $expected;
}

sub moved {
    my ($path, $so) = @_;
    stop('moved', "$path was changed since the plan was made; " . ($so // 'nothing was changed.'));
}
sub moved_meanwhile { moved($_[0], 'what this run did before is undone (packages and certificates stay).'); }

# The identifier of the release whose activation came to its end, or "-".
sub deployed {
    my $is = readlink($current) // '';
    return $is eq (readlink("$base/active") // '') && $is =~ m{^releases/([0-9a-f]{16})-} ? $1 : '-';
}

sub prepare_release {
    $release = "$steps[-1]{field}[0]-$run";
    folder($base, 0755);
    folder("$base/releases", 0755);
    my $new = "$base/releases/$release";
    mkdir($new, 0755) or failed("$new: $!.");
    push @undo, ["remove $new", sub { command('rm', '-rf', '--', $new) }];
    if (-d "$current/") {
        my ($ok, $text) = command('cp', '-a', '--', "$current/.", "$new/");
        failed('The current release could not be copied.', $text) unless $ok;
    }
}

# ---------------------------------------------------------------- steps

sub do_packages {
    my ($step) = @_;
    my @names   = split_list($step);
    my @missing = missing_packages(@names);
    return ['unchanged', 'All are installed already.'] unless @missing;
    my @install = ('apt-get', '-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120',
        '-o', 'Dpkg::Options::=--force-confold', 'install', @missing);
    my ($ok, $text) = command(@install);
    if (!$ok) {
        # The lists of packages are missing or old.
        stop_here();
        event($step->{id}, 'note', 'Reading the lists of packages.');
        my ($updated, $why) = patiently(qr{lists/lock}, {}, 'apt-get', '-q', 'update');
        stop_here();
        ($ok, $text) = command(@install);
        failed('apt-get could not install ' . join(', ', @missing) . '.', tail($text . ($updated ? '' : "\n$why"))) unless $ok;
    }
    @missing = missing_packages(@names);
    failed('After the installation these are still missing: ' . join(', ', @missing) . '.', tail($text)) if @missing;
    return ['done', 'Installed ' . join(', ', @names) . '.'];
}

sub missing_packages {
    my (@names) = @_;
    my (undef, $text) = command('dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', @names);
    my %there = map { /^(\S+) installed$/ ? ($1 => 1) : () } split /\n/, $text;
    return grep { !$there{$_} } @names;
}

sub do_write {
    my ($step) = @_;
    my ($path, $mode, $old, undef, $blob) = @{ $step->{field} };
    my $content = slurp("$dir/files/$blob");
    my $target  = place($path);
    if ($target eq $path) {
        my $is = sums(grep { -f } $path)->{$path} // '-';
        moved_meanwhile($path) unless $is eq $old;
        keep($path);
    }
    put($target, oct($mode), $content);
    $changed_sites{$target} = 1 if $target =~ m{/apache/[^/]+\.conf$};
    my $same = slurp($target) eq $content && ((stat $target)[2] & 07777) == oct($mode);
    failed("$path does not hold what was written.") unless $same;
    return ['done', $target eq $path ? 'Written.' : 'Written beside the current release.'];
}

sub do_delete {
    my ($step) = @_;
    my ($path, $old) = @{ $step->{field} };
    my $target = place($path);
    if ($target eq $path) {
        moved_meanwhile($path) unless (sums(grep { -f } $path)->{$path} // '-') eq $old;
        keep($path);
    }
    return ['unchanged', 'It is gone already.'] unless -e $target;
    unlink($target) or failed("$path could not be removed: $!.");
    return ['done', 'Removed.'];
}

sub do_modules {
    my ($step) = @_;
    my @names = split_list($step);
    my $missing = sub { grep { !-e "/etc/apache2/mods-enabled/$_.load" } @names };
    my @enable = $missing->() or return ['unchanged', 'All are enabled already.'];
    my %before = map { $_ => 1 } glob '/etc/apache2/mods-enabled/*';
    push @undo, ['disable modules', sub { unlink grep { !$before{$_} } glob '/etc/apache2/mods-enabled/*' }];
    my ($ok, $text) = command('a2enmod', '-q', @enable);
    failed('Apache\'s modules could not be enabled: ' . join(', ', $missing->()) . '.', tail($text)) if !$ok || $missing->();
    return ['done', 'Enabled ' . join(', ', @enable) . '.'];
}

sub do_certificate {
    my ($step) = @_;
    my ($lineage, $url, $mail, $seconds, $credentials, $names) = @{ $step->{field} };
    ($url, $mail) = map { $_ eq '-' ? '' : unbase64($_) } $url, $mail;
    my @names = split /,/, $names;
    my $lacks = sub { certificate_lacks($lineage, $url, $credentials, @names) };
    my $why = $lacks->() or return ['unchanged', 'It is there already.'];
    my @command = ('certbot', 'certonly', '--non-interactive', '--agree-tos', '--server', $url,
        $mail eq '' ? '--register-unsafely-without-email' : ("--email=$mail", '--no-eff-email'),
        '--authenticator', 'dns-rfc2136', '--dns-rfc2136-credentials', $credentials,
        '--dns-rfc2136-propagation-seconds', $seconds, '--cert-name', $lineage, '--renew-with-new-domains',
        # Otherwise what is there would be kept as "not yet due", and the way it renews, too.
        $why eq 'authority' || $why eq 'credentials' ? '--force-renewal' : '--keep-until-expiring',
        '--deploy-hook', 'systemctl try-reload-or-restart apache2.service', map { ('-d', $_) } @names);
    event($step->{id}, 'note', "Asking for it; the proof in the zone gets $seconds s to spread.");
    my ($ok, $text) = patiently(qr/Another instance of Certbot/, { stoppable => 1, seconds => 900 + $seconds }, @command);
    stop_here();
    my $lack = $lacks->();
    failed("certbot could not get the certificate for $names.", tail($text)) if !$ok || $lack;
    return ['done', "Got it, for $names."];
}

# What the certificate lacks, in a word; nothing where all is well.
sub certificate_lacks {
    my ($lineage, $url, $credentials, @names) = @_;
    my $pem = "/etc/letsencrypt/live/$lineage/cert.pem";
    return 'there is none' unless -f $pem && -f "/etc/letsencrypt/live/$lineage/privkey.pem";
    my $renewal = renewal($lineage);
    return 'authority'   unless ($renewal->{server}                  // '') eq $url;
    my $ours = ($renewal->{authenticator} // '') eq 'dns-rfc2136';
    return 'credentials' unless $ours && ($renewal->{dns_rfc2136_credentials} // '') eq $credentials;
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
    for (split /\n/, -f $path ? slurp($path) : '') { $renewal{$1} = $2 if /^\s*([a-z0-9_]+)\s*=\s*(\S+)\s*$/; }
    return \%renewal;
}

sub do_site {
    my ($step) = @_;
    my ($name) = @{ $step->{field} };
    my $link = "/etc/apache2/sites-enabled/$name.conf";
    return ['unchanged', 'It is enabled already.'] if -e $link;
    push @undo, ["disable $name", sub { unlink $link }];
    my ($ok, $text) = command('a2ensite', '-q', $name);
    failed("Apache's site $name could not be enabled.", tail($text)) unless $ok && -e $link;
    return ['done', 'Enabled.'];
}

sub do_activate {
    my ($step) = @_;
    link_to("$base/staged", "releases/$release");
    push @undo, ['forget the staged release', sub { unlink "$base/staged" }];
    my ($ok, $text) = command('apache2ctl', '-t', '-D', 'SIXGATE_STAGED');
    failed('Apache refuses the new configuration; the old one goes on.', tail($text)) unless $ok;
    command('sync', '-f', "$base/releases/$release");
    stop_here();
    my $previous = readlink($current);
    my $active   = readlink("$base/active");
    push @undo, [
        'go back to the old release',
        sub {
            defined $previous ? link_to($current, $previous) : unlink $current;
            link_to("$base/active", $active) if defined $active;
        }
    ];
    # Undone last: by then the old files, modules and sites are back.
    my ($ran) = command('systemctl', 'is-active', '--quiet', 'apache2.service');
    unshift @undo, ['bring Apache back', sub { command('systemctl', $ran ? 'reload-or-restart' : 'stop', 'apache2.service') }];
    $swapped = 1;
    link_to($current, "releases/$release");
    unlink "$base/staged";
    start_apache();
    probe();
    link_to("$base/active", "releases/$release");
    prune($previous);
    return ['done', 'Apache answers with the new configuration.' . (defined $previous ? ' The old one is kept.' : '')];
}

sub start_apache {
    command('systemctl', '--quiet', 'enable', 'apache2.service', 'certbot.timer');
    my ($active) = command('systemctl', 'is-active', '--quiet', 'apache2.service');
    my $before = generation();
    my ($ok, $text) = command('systemctl', $active ? 'reload' : 'start', 'apache2.service');
    # The reload ends before Apache has read the configuration; until then the old one answers, and Apache may still die
    # of the new one.
    for (1 .. 600) {
        last unless $ok && $active && generation() eq $before;
        select(undef, undef, undef, 0.1);
        ($ok) = command('systemctl', 'is-active', '--quiet', 'apache2.service');
    }
    failed('Apache does not take the new configuration; the old one is back.', tail($text)) if $ok && $active && generation() eq $before;
    ($ok) = command('systemctl', 'is-active', '--quiet', 'apache2.service') if $ok;
    my (undef, $why) = $ok ? (1, '') : command('systemctl', 'status', '--no-pager', '--lines=15', 'apache2.service');
    failed('Apache does not start with the new configuration; the old one is back.', tail("$text\n$why")) unless $ok;
    ($ok, $text) = command('systemctl', 'start', 'certbot.timer');
    failed('certbot\'s timer does not start.', tail($text)) unless $ok;
}

# Apache writes this file anew when it has read its configuration.
sub generation { my @file = stat('/run/apache2/apache2.pid'); return @file ? "$file[1] $file[9]" : 'none'; }

# Apache must answer on 443 with the certificate of each service that was changed (of one, where none was), at most
# eight. A graceful reload takes a moment to be seen.
sub probe {
    my @sites = sort keys %changed_sites;
    @sites = glob "$current/apache/*.conf" unless @sites;
    my @probes;
    for my $path (@sites) {
        my $text = slurp($path);
        my ($lineage) = $text =~ m{^\s*SSLCertificateFile /etc/letsencrypt/live/([A-Za-z0-9._-]+)/}m or next;
        my ($name) = $text =~ /^\s*ServerName ([a-z0-9.-]+)$/m or next;
        push @probes, [$name, "/etc/letsencrypt/live/$lineage/cert.pem"];
        last if @probes == (%changed_sites ? 8 : 1);
    }
    for my $probe (@probes) {
        my ($name, $pem) = @$probe;
        my ($wanted) = certificates(slurp($pem));
        my $shown = '';
        for my $try (1 .. 40) {
            (undef, my $text) = command({ seconds => 10 }, 'openssl', 's_client', '-connect', '127.0.0.1:443',
                '-servername', $name);
            ($shown) = certificates($text);
            last if defined $shown && $shown eq $wanted;
            select(undef, undef, undef, 0.25);
        }
        next if defined $shown && $shown eq $wanted;
        failed(
            defined $shown
            ? "Apache answers for $name with another certificate than the new one; the old configuration is back."
            : "Apache does not answer for $name on port 443; the old configuration is back.",
            'Another site of this Apache may hold the name: apache2ctl -S tells.');
    }
}

sub certificates { my ($text) = @_; return $text =~ /-----BEGIN CERTIFICATE-----(.*?)-----END/sg; }

# The new release and the one before it stay.
sub prune {
    my ($previous) = @_;
    my %keep = map { $_ => 1 } grep { defined } "releases/$release", $previous;
    for my $old (glob "$base/releases/*") {
        (my $name = $old) =~ s{^\Q$base\E/}{};
        command('rm', '-rf', '--', $old) unless $keep{$name};
    }
}

# ---------------------------------------------------------------- tools

sub split_list { my ($step) = @_; return grep { length } split /\t/, $step->{field}[0]; }

# Where a path is written now: files of the release go to the new one.
sub place { my ($path) = @_; return $path =~ m{^\Q$current\E/(.+)$} ? "$base/releases/$release/$1" : $path; }

sub folder {
    my ($path, $mode) = @_;
    return if -d $path;
    mkdir($path, $mode) or failed("$path: $!.");
}

sub slurp {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or failed("$path: $!.");
    local $/;
    return <$in> // '';
}

# Replaces a file in one rename, with its mode from its first byte on.
sub put {
    my ($path, $mode, $content) = @_;
    (my $folder = $path) =~ s{/[^/]*$}{};
    my $made = '';
    for my $part (split m{/}, substr($folder, 1)) {
        $made .= "/$part";
        folder($made, $made eq "$base/acme" ? 0700 : 0755);
    }
    my $beside = "$folder/.sixgate-$run";
    unlink $beside;
    my $mask = umask 077;
    my $out;
    my $ok = open($out, '>:raw', $beside);
    umask $mask;
    failed("$path: $!.") unless $ok;
    my $done = print {$out} $content and chmod($mode, $out) and $out->flush and $out->sync and close($out)
        and rename($beside, $path);
    return if $done;
    my $why = $!;
    unlink $beside;
    failed("$path could not be written: $why.");
}

# Remembers a file outside of the release, so that a failure brings it back.
sub keep {
    my ($path) = @_;
    if (!-f $path) { push @undo, ["remove $path", sub { unlink $path }]; return; }
    my $content = slurp($path);
    my $mode    = (stat $path)[2] & 07777;
    push @undo, ["bring $path back", sub { put($path, $mode, $content) }];
}

sub link_to {
    my ($link, $target) = @_;
    my $beside = "$link.$run";
    unlink $beside;
    symlink($target, $beside) && rename($beside, $link) or failed("$link: $!.");
}

# SHA-256 of files, in hex, by path.
sub sums {
    my (@paths) = @_;
    my %sum;
    while (my @some = splice(@paths, 0, 500)) {
        my (undef, $text) = command('sha256sum', '-z', '--', @some);
        for (split /\0/, $text) { $sum{$2} = $1 if /^([0-9a-f]{64}) [ *](.*)$/s; }
    }
    return \%sum;
}

# Runs a program without a shell and without input; gives whether it succeeded, and its output, the last 256 KiB.
# { stoppable } passes a cancellation on to it; { seconds } ends it after that time.
sub command {
    my %how = ref $_[0] ? %{ shift() } : ();
    my (@command) = @_;
    my $pid = open(my $from, '-|') // failed("fork: $!.");
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP PIPE);
        open(STDIN, '<', '/dev/null');
        open(STDERR, '>&', \*STDOUT);
        exec { $command[0] } @command or do { print "$command[0]: $!\n"; POSIX::_exit(127); };
    }
    $stoppable = $pid if $how{stoppable};
    kill('TERM', $pid) if $stoppable && $cancelled;
    my $until = time + ($how{seconds} // 3600);
    my $text  = '';
    my ($late, $gone, $status) = (0, 0, 0);
    while (1) {
        my $ready = '';
        vec($ready, fileno($from), 1) = 1;
        my $n = select($ready, undef, undef, $gone ? 0 : 1);
        if (time > $until && !$gone) {
            kill($late ? 'KILL' : 'TERM', $pid);
            $text .= "\n(ended after its time was up)\n" unless $late++;
            $until = time + 30;
        }
        # A daemon that it started may hold the pipe open: its own end is what counts, and what it wrote until then.
        if (!$n) {
            last if $gone;
            $gone = waitpid($pid, POSIX::WNOHANG()) == $pid;
            $status = $? if $gone;
        }
        next unless $n && $n > 0;
        my $got = sysread($from, $text, 65536, length($text));
        next if !defined $got && $!{EINTR};
        last unless $got;
        substr($text, 0, length($text) - 262144) = '' if length($text) > 262144;
    }
    close($from);
    $status = $? unless $gone;
    $stoppable = 0;
    return ($status == 0, $text);
}

# The same, again for two minutes while its output says that another one is at work.
sub patiently {
    my ($busy, $how, @command) = @_;
    my $until = time + 120;
    while (1) {
        my ($ok, $text) = command({%$how}, @command);
        return ($ok, $text) if $ok || $text !~ $busy || time > $until || $cancelled;
        select(undef, undef, undef, 2);
    }
}

sub tail {
    my ($text) = @_;
    my @lines = grep { /\S/ } split /\n/, $text;
    splice(@lines, 0, @lines - 20) if @lines > 20;
    return join("\n", @lines);
}

sub base64 {
    my ($text) = @_;
    my $out = pack('u', $text);
    $out =~ s/^.//mg;
    $out =~ s/\n//g;
    $out =~ tr{` -_}{AA-Za-z0-9+/};
    my $rest = length($text) % 3;
    substr($out, $rest - 3) = '=' x (3 - $rest) if $rest;
    return $out;
}

sub unbase64 {
    my ($text) = @_;
    $text =~ tr{A-Za-z0-9+/}{}cd;
    $text =~ tr{A-Za-z0-9+/}{ -_};
    my $out = '';
    while ($text =~ /(.{1,60})/gs) { my $part = $1; $out .= unpack('u', chr(32 + int(length($part) * 3 / 4)) . $part); }
    return $out;
}

sub event {
    my ($id, $state, $text) = @_;
    print $log join("\t", 'step', $id eq '' ? '-' : $id, $state, base64($text)), "\n";
    print join(' ', grep { length } $id, $state, $text), "\n";
}

sub result {
    my ($is) = @_;
    my $line = join("\t", 'result', $is->{verdict}, base64($is->{summary}), base64($is->{detail} // '')) . "\n";
    my $mask = umask 077;
    if (open(my $out, '>', "$dir/result.new")) {
        print $out $line;
        close($out);
        rename("$dir/result.new", "$dir/result");
    }
    umask $mask;
    print $log $line;
    print join("\n", "$is->{verdict}: $is->{summary}", grep { length } $is->{detail} // ''), "\n";
}

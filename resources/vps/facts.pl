# Tells the facts of this machine on standard output; changes nothing. Run as: perl - (this text, __END__, questions).
# Needs perl-base, coreutils and dpkg only.
#
# Questions, one a line:
#   package NAME
#   file SHA256 plain|secret PATH     SHA256: the content that is wanted; only another one is sent, a secret one never
# Answers, one a line: a key, then its values in base64, separated by tabs; the last line is "end".
use strict;
use warnings;
use Fcntl qw(:flock);
use POSIX ();

my $most_content = 256 * 1024;
my $most_rules   = 512 * 1024;
my $base         = '/etc/sixgate';
my $acme_hook    = "$base/acme/hook.pl";
my $webroot      = '/var/lib/sixgate-acme';
my $name         = qr/[A-Za-z0-9][A-Za-z0-9.+_-]{0,252}/;    # others are nobody's that Sixgate knows
$ENV{PATH}   = '/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL} = 'C';

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

sub answer { my ($key, @values) = @_; print join("\t", $key, map { base64($_) } @values), "\n"; }

# A file's bytes; undefined where it cannot be read or is longer than $most.
sub content {
    my ($path, $most) = @_;
    open(my $in, '<:raw', $path) or return undef;
    my $text = '';
    while (length($text) <= $most) {
        last unless read($in, $text, 65536, length($text));
    }
    return length($text) > $most ? undef : $text;
}

# Starts a program; no shell, its errors go nowhere, or to a handle that comes first.
sub begin {
    my $errors = ref $_[0] ? shift : undef;
    my (@command) = @_;
    my $pid = open(my $from, '-|') // return undef;
    return $from if $pid;
    open(STDERR, $errors ? '>&' : '>', $errors // '/dev/null');
    open(STDIN,  '<', '/dev/null');
    exec { $command[0] } @command or POSIX::_exit(127);
}

# What a program that was started says until its end.
sub ended {
    my ($from) = @_;
    return '' unless defined $from;
    local $/;
    my $text = <$from>;
    close($from);
    return defined $text ? $text : '';
}

sub output { return ended(begin(@_)); }

sub name_of { my ($path) = @_; $path =~ s{.*/}{}; return $path; }

my (@packages, @files, %wanted);
while (my $line = <DATA>) {
    chomp $line;
    if ($line =~ /^package ([a-z0-9][a-z0-9+.-]*)$/) { push @packages, $1; }
    elsif ($line =~ m{^file ([0-9a-f]{64}) (plain|secret) (/[A-Za-z0-9._/-]+)$}) {
        push @files, $3;
        $wanted{$3} = { sha256 => $1, secret => $2 eq 'secret' };
    }
    elsif ($line ne '') { print STDERR "facts: bad question\n"; exit 2; }
}

# What takes its time runs beside the rest.
my $ufw = $> == 0 && -d '/etc/ufw' ? begin('ufw', 'status', 'verbose') : undef;
pipe(my $warnings, my $to_warnings) or die "pipe: $!\n";
my $nft = $> == 0 ? begin($to_warnings, 'nft', 'list', 'ruleset') : undef;
close($to_warnings);
my $active = begin('systemctl', 'is-active', 'apache2.service', 'certbot.timer', 'sixgate-push.service', 'sixgate-alarm.timer', 'sixgate-alarm-mail.socket',
    'sixgate-renewal-test.timer', 'sixgate-renewal-test.service');    # a line for each
# Would sshd let keepers in, where they are wanted?
my $sshd = $> == 0 && $wanted{"$base/current/push/authorized_keys"}
    ? begin('sshd', '-T', '-C', 'user=sixgate-push,host=keeper.invalid,addr=2001:db8::1') : undef;
my $packages = @packages ? begin('dpkg-query', '-W', '-f', '${Package}\t${Version}\t${db:Status-Status}\n', @packages) : undef;
my $room = begin('df', '-B1', '--output=avail', '/etc', '/var', '/usr');

# The system.
my %os;
for (split /\n/, content('/etc/os-release', 65536) // content('/usr/lib/os-release', 65536) // '') {
    $os{$1} = $2 if /^([A-Z_]+)="?([^"]*)"?$/;
}
answer('os', $os{ID} // '', $os{VERSION_ID} // '', $os{PRETTY_NAME} // '');
answer('uid',     $>);
answer('systemd', -d '/run/systemd/system' ? 1 : 0);
answer('clock',   time);
# A run holds this lock exclusively; a look at it must not be in a run's way for long.
my ($busy, $owner) = (0, '');
if (open(my $lock, '<', '/run/sixgate.lock')) {
    $busy = flock($lock, LOCK_SH | LOCK_NB) ? 0 : 1;
    $owner = POSIX::strftime(unbase64($1) . ', since %H:%M UTC', gmtime $2) if $busy && (readline($lock) // '') =~ m{^([A-Za-z0-9+/=]+)\t(\d+)\t};
    close($lock);
}
# What a run that was killed left is about to be taken back.
my @open = map { m{/([^/]+)/undo$} ? $1 : () } glob '/var/lib/sixgate/runs/*/undo';
for my $unit (@open ? ('sixgate-recover.service', map { "sixgate-apply-$_.service" } @open) : ()) {
    $busy = 1 if output('systemctl', 'is-active', $unit) =~ /^(active|activating|deactivating)$/;
}
answer('busy', $busy);
answer('owner', $owner) if $owner ne '';
my $ipv6 = 0;
for (split /\n/, content('/proc/net/if_inet6', 1 << 20) // '') {
    my ($address, undef, undef, $scope, $flags) = split;
    # Global scope, 2000::/3, neither tentative nor failed nor deprecated.
    $ipv6 = 1 if $scope eq '00' && $address =~ /^[23]/ && !(hex($flags) & 0x68);
}
answer('ipv6', $ipv6);
my ($etc, $var, $usr) = ended($room) =~ /^\s*(\d+)\s*$/mg;
answer('free', !defined $var ? -1 : $etc < $var ? $etc : $var);
answer('usr', $usr) if defined $usr;    # where packages unpack to

# Packages, Apache, timer.
my %installed;
for (split /\n/, ended($packages)) {
    my ($package, $version, $state) = split /\t/;
    # One answer also where it is there for two architectures.
    answer('package', $package, $version) if defined $state && $state eq 'installed' && !$installed{$package}++;
}
for (glob '/etc/apache2/mods-enabled/*.load') {
    answer('module', $1) if -e $_ && name_of($_) =~ /^($name)\.load$/;
}
for (glob '/etc/apache2/sites-enabled/*.conf') {
    answer('site', $1) if -e $_ && name_of($_) =~ /^($name)\.conf$/;
}
my @active = split /\n/, ended($active);
for (['apache', 'multi-user.target.wants/apache2.service'], ['timer', 'timers.target.wants/certbot.timer']) {
    my ($key, $link) = @$_;
    my $on = (shift(@active) // '') =~ /^(active|reloading)$/ && -e "/etc/systemd/system/$link";
    answer($key, $on ? 1 : 0);
}

# What lets keepers tell the home's new address: anything of it, the account, its keys, the service, its unit.
{
    my ($home, $unit) = ('/var/lib/sixgate-push', '/etc/systemd/system/sixgate-push.service');
    my @account = getpwnam 'sixgate-push';
    my $fits = @account && $account[7] eq $home && $account[8] eq '/bin/sh' && ($> != 0 || $account[1] eq '*');
    my $keys = (readlink("$home/.ssh/authorized_keys") // '') eq "$base/current/push/authorized_keys"
        && !grep { my @is = stat; !@is || $is[4] != 0 || $is[2] & 022 } $home, "$home/.ssh";
    my $on = (shift(@active) // '') eq 'active' && -e '/etc/systemd/system/multi-user.target.wants/sixgate-push.service';
    my ($sum) = -f $unit ? output('sha256sum', '--', $unit) =~ /^([0-9a-f]{64}) / : ();
    answer('push', @account || -e $home || -e $unit ? 1 : 0, $fits ? 1 : 0, $keys ? 1 : 0, $on ? 1 : 0, $sum // '');
}
# What tells when the home falls silent: anything of it, its timer, the program for mail; the hashes of its settings, which
# hold secrets, and of its units.
{
    my $folder = '/etc/systemd/system';
    my ($settings, @units) = ("$base/alarm.json", map { "$folder/sixgate-alarm$_" } '.service', '.timer', '-mail.socket', '-mail@.service');
    my $on = (shift(@active) // '') eq 'active' && -e "$folder/timers.target.wants/sixgate-alarm.timer";
    my $takes_mail = (shift(@active) // '') eq 'active' && -e "$folder/sockets.target.wants/sixgate-alarm-mail.socket";
    $on &&= $takes_mail if -e $units[2];
    my %sum;
    if (my @there = grep { -f } $settings, @units) {
        for (split /\n/, output('sha256sum', '--', @there)) { $sum{$2} = $1 if /^([0-9a-f]{64})  (.*)$/; }
    }
    my @is = stat $settings;
    delete $sum{$settings} if @is && ($is[4] != 0 || $is[2] & 077);    # others may read it: to be put there anew
    answer('alarm', (grep { -e } $settings, @units) ? 1 : 0, $on ? 1 : 0, -x '/usr/sbin/sendmail' ? 1 : 0, map { $sum{$_} // '' } $settings, @units);
}
# What rehearses renewals: anything of it, its timer, whether it is at work now, the hashes of its units; how each ended.
{
    my ($folder, $state) = ('/etc/systemd/system', '/var/lib/sixgate-renewal');
    my @units = map { "$folder/sixgate-renewal-test$_" } '.service', '.timer';
    my $on   = (shift(@active) // '') eq 'active' && -e "$folder/timers.target.wants/sixgate-renewal-test.timer";
    my $busy = (shift(@active) // '') =~ /^(?:active|activating|deactivating)$/;
    my %sum;
    if (my @there = grep { -f } @units) {
        for (split /\n/, output('sha256sum', '--', @there)) { $sum{$2} = $1 if /^([0-9a-f]{64})  (.*)$/; }
    }
    answer('renewals', (grep { -e } @units, $state) ? 1 : 0, $on ? 1 : 0, $busy ? 1 : 0, map { $sum{$_} // '' } @units);
    for (split /\n/, content("$state/result", 1 << 20) // '') {
        answer('rehearsed', $1, $2, $3, unbase64($4)) if m{^($name) (\d+) ([01]) ([A-Za-z0-9+/=]+)$};
    }
}
for (split /\n/, ended($sshd)) {
    answer('sshd', $1, split ' ', $2)
        if /^((?:allow|deny)(?:users|groups)|pubkeyauthentication|authorizedkeysfile|authenticationmethods|forcecommand) ([!-~]+(?: [!-~]+)*)$/;
}

# Who listens on 80 and 443.
my %socket;
for my $table ('/proc/net/tcp', '/proc/net/tcp6') {
    for (split /\n/, content($table, 16 << 20) // '') {
        my @field = split;
        next unless @field > 9 && $field[3] eq '0A' && $field[1] =~ /:(0050|01BB)$/;
        $socket{ $field[9] } = hex($1);
    }
}
if (%socket) {
    my %program;
    for my $process (glob '/proc/[0-9]*') {
        for my $fd (glob "$process/fd/*") {
            my $link = readlink($fd) // next;
            next unless $link =~ /^socket:\[(\d+)\]$/ && exists $socket{$1} && !exists $program{$1};
            my $inode = $1;
            my $command = content("$process/comm", 256) // '';
            chomp $command;
            $program{$inode} = $command if $command ne '';
        }
        last if keys %program == keys %socket;
    }
    my %told;
    for my $inode (sort keys %socket) {
        my $command = $program{$inode} // 'unknown';
        $command =~ s/[^A-Za-z0-9._-]/-/g;
        my $text = "$socket{$inode} $command";
        answer('listener', $text) unless $told{$text}++;
    }
}

# By which interface visitors come over IPv4.
for (split /\n/, content('/proc/net/route', 1 << 20) // '') {
    next unless /^([A-Za-z0-9_.@-]{1,15})\t00000000\t[0-9A-F]{8}\t\d+\t\d+\t\d+\t\d+\t00000000\t/;
    answer('outer', $1);
    last;
}

# The current release: the one whose activation came to its end. One that has never proven itself does not count: the
# next run takes it back first, so its files are not what a plan is to be made from.
my $current   = readlink("$base/current") // '';
my $activated = readlink("$base/active")  // '';
my $whole     = $current eq $activated;
if ((content('/var/lib/sixgate/made-by', 4096) // '') =~ m{^([0-9a-f]{16})\t(\d+)\t([A-Za-z0-9+/=]*)\t([A-Za-z0-9+/=]*)\n}) {
    my ($id, @maker) = ($1, $3, $4);
    answer('maker', map { unbase64($_) } @maker) if index($current, "releases/$id-") == 0;
}
answer('deployed', $whole && !@open && $current =~ m{^releases/([0-9a-f]{16})-} ? $1 : '');
for my $folder (sort { (stat $b)[9] <=> (stat $a)[9] } grep { -f "$_/manifest" } glob "$base/releases/*") {
    my ($id, $run) = $folder =~ m{/([0-9a-f]{16})-([0-9a-z-]+)$} or next;
    next if index($current, "releases/$id-") == 0 || (content("/var/lib/sixgate/runs/$run/result", 65536) // '') !~ /^result\tdone\t/;
    answer('previous', $id);
    last;
}
if (my @installed = split /\n/, content('/var/lib/sixgate/installed', 1 << 20) // '') { answer('installed', @installed); }
my $release = $whole || !-d "$base/active/" ? "$base/current" : "$base/active";
sub place { my ($path) = @_; $path =~ s{^\Q$base\E/current/}{$release/}; return $path; }

# Certificates of certbot by its files, and those that others of this machine use, too, although the release does not.
my (@certificates, %renewal, %of_others, @used, %shown);
for (glob "$release/apache/*") {
    my $text = content($_, $most_content) // '';
    $shown{$1} = 1 while $text =~ m{/etc/letsencrypt/live/($name)/}g;
}
for my $path (glob '/etc/letsencrypt/live/*/cert.pem') {
    next unless $path =~ m{/($name)/cert\.pem$};
    my $lineage = $1;
    push @certificates, [$lineage, content($path, 65536) // next];
    my %is;
    for (split /\n/, content("/etc/letsencrypt/renewal/$lineage.conf", 65536) // '') {
        $is{$1} = $2 if /^\s*([a-z0-9_]+)\s*=\s*(\S.*?)\s*$/;
    }
    # By what it renews: a file with a key or with the talk that acme/hook.pl carries out, or the folder of HTTP-01's
    # challenges.
    my $means = ($is{authenticator} // '') eq 'dns-rfc2136' ? $is{dns_rfc2136_credentials} // '' : '';
    ($means = $is{webroot_path} // '') =~ s/,$// if ($is{authenticator} // '') eq 'webroot';
    $means = 'delegated' if ($is{authenticator} // '') eq 'dns-standalone' && ($is{renew_hook} // '') =~ /^env SIXGATE=delegated /;
    $means = $1 if ($is{authenticator} // '') eq 'manual' && ($is{manual_auth_hook} // '') =~ m{^/usr/bin/perl \Q$acme_hook\E add (\S+)$};
    $renewal{$lineage} = [$is{server} // '', $means];
    next unless $means eq $webroot || $means eq 'delegated' || $means =~ m{^$base/acme/};
    my $place = "/etc/letsencrypt/live/$lineage/";
    if ($shown{$lineage}) { push @used, $lineage; next; }
    $of_others{$lineage} = $means
        if output('grep', '-rlsF', '--exclude-dir=letsencrypt', '--exclude-dir=sixgate', '--', $place, '/etc') ne '';
}

# Files: the wanted ones, those of the current release, those that its manifest names, credentials.
my %secret = map { $_ => $wanted{$_}{secret} } keys %wanted;
my @more;
my @folders = ($release);
while (defined(my $folder = shift @folders)) {
    opendir(my $entries, $folder) or next;
    for my $entry (sort readdir $entries) {
        next if $entry =~ /^\./ || $entry !~ /^[A-Za-z0-9._-]+$/;
        my $path = "$folder/$entry";
        if    (-l $path) { next }
        elsif (-d _)     { push @folders, $path if @folders < 100 }
        elsif (-f _)     { push @more, "$base/current" . substr($path, length $release) }
    }
}
my %made;
for (split /\n/, content("$release/manifest", 1 << 20) // '') {
    next unless m{^([0-9a-f]{64}) [0-7]{3,4} (plain|secret) (/etc/(?:sixgate|apache2/sites-available)/[A-Za-z0-9._/-]+)$};
    my ($hash, $kind, $path) = ($1, $2, $3);
    next if $path =~ m{/\.\.?(?:/|$)};
    $made{$path} = $hash;
    $secret{$path} = 1 if $kind eq 'secret';
    push @more, $path;
}
# Credentials that the current release does not need any more are as an earlier one left them.
my %earlier;
for my $manifest (glob "$base/releases/*/manifest") {
    my $text = content($manifest, 1 << 20) // '';
    $earlier{"$2 $1"} = 1 while $text =~ m{^([0-9a-f]{64}) [0-7]{3,4} (?:plain|secret) ($base/acme/[A-Za-z0-9._-]+)$}mg;
}
push @more, grep { m{/$name$} } glob "$base/acme/*";
my %left = map { $_ => 1 } values %of_others;    # others' certificates are renewed by these
$left{$acme_hook} = 1 if grep { /\.json$/ } keys %left;
for my $path (@more) {
    next if exists $wanted{$path} || $left{$path};
    $wanted{$path} = { sha256 => '' };
    push @files, $path;
}
my (%sum, %mode);
my @there = grep { -f $_ } map { place($_) } @files;
for my $path (@there) { $mode{$path} = sprintf('%o', (stat($path))[2] & 07777); }
while (my @some = splice(@there, 0, 500)) {
    for (split /\0/, output('sha256sum', '-z', '--', @some)) {
        $sum{$2} = $1 if /^([0-9a-f]{64}) [ *](.*)$/s;
    }
}
for my $path (@files) {
    my $place = place($path);
    my $sum  = $sum{$place} // '';
    my $send = $sum ne '' && $sum ne $wanted{$path}{sha256} && !$secret{$path} && $path !~ m{^$base/acme/(?!hook\.pl$)};
    answer('file', $path, $sum, $mode{$place} // '', $send ? content($place, $most_content) // '' : '');
    # Neither absent, nor as wanted, nor as a run of Sixgate left it.
    answer('edited', $path) if $sum ne '' && $sum ne $wanted{$path}{sha256} && $sum ne ($made{$path} // '') && !$earlier{"$path $sum"} && $path ne "$base/current/manifest";
}

for (@certificates) {
    my ($lineage, $pem) = @$_;
    answer('certificate', $lineage, $pem);
    answer('renewal', $lineage, $renewal{$lineage}[0], $of_others{$lineage} ? '' : $renewal{$lineage}[1]);
}
answer('used', $_) for @used;

# The folder of HTTP-01's challenges, and what the authority counts.
answer('webroot', (grep { my @is = lstat; !@is || !-d _ || $is[4] != 0 || $is[2] & 022 } $webroot, "$webroot/.well-known", "$webroot/.well-known/acme-challenge") ? 0 : 1);
for (split /\n/, content('/var/lib/sixgate/acme-attempts', 1 << 20) // '') {
    answer('attempt', $1, $2, $3, $4, $5) if /^(\d+) (issued|failed|limited) (\S+) ([a-z0-9.,-]+) (\d+)$/;
}
# The rules of the firewall: last, since ufw takes longest.
if ((my $text = ended($ufw)) ne '') {
    my $six = (content('/etc/default/ufw', 1 << 16) // '') =~ /^\s*IPV6\s*=\s*"?no"?\s*$/mi ? "\nIPV6=no\n" : '';
    answer('ufw', substr($text, 0, $most_rules - 16) . $six);
}
if (($nft = ended($nft)) ne '') {
    # Which tables are iptables' own, some versions say among the errors.
    my @warnings = grep { /^# Warning: table / } split /\n/, ended($warnings);
    # Long lists are of addresses.
    $nft =~ s/elements = \{[^{}]{4096,}\}/elements = { ... }/g;
    answer('nft', substr(join('', map { "$_\n" } @warnings) . $nft, 0, $most_rules));
}
print "end\n";

# Takes the home's new addresses from its keepers and leads Apache there: perl daemon.pl, as root, by
# sixgate-push.service. Needs perl-base, openssl, iproute2. The release holds it in one with the other .pl files that say
# so; client.pl passes on to its socket what comes by SSH.
#
# One request a line, at most 200 printable bytes, at most 40 lines; every request gets one last line as its answer:
#   hello 1 MACHINE            hello 1 MACHINE                    must come first
#   set UPSTREAM ADDRESS       set UPSTREAM ADDRESS done MS       proven there, the proxy is switched
#                              set UPSTREAM ADDRESS unchanged 0   it was so already
#                              set UPSTREAM ADDRESS refused WHY   unknown-upstream, not-global, not-proven, not-leader,
#                                                                 limit, failed
#   lease MACHINE SECONDS      lease held MACHINE SECONDS, lease other OTHER SECONDS; 5 to 120, 0 lets go
#   alive                      alive NOW
#   drift                      drift COUNT FIRST|-                files of the release that are not as they were put there
#   state                      upstream UPSTREAM pushed ADDRESS|- used ADDRESS|- proven|unproven|unknown …
#                              state HOLDER|- SECONDS SINCE-LAST-PUSH|-
#   anything else              no WHY
# Before them client.pl says whose key it was: from KEY.
#
# Who holds a key is not trusted: nothing of what he says reaches a program but a global address, everything that he can
# have many of has its end, and what others of the home want is not kept waiting by it.
use strict;
use warnings;
use Errno ();
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use POSIX ();
use Socket qw(SOL_SOCKET AF_UNIX AF_INET AF_INET6 SOCK_STREAM SOCK_DGRAM inet_pton inet_ntop pack_sockaddr_un pack_sockaddr_in
    pack_sockaddr_in6);

my $account   = 'sixgate-push';
my $current   = '/etc/sixgate/current';
my $self      = "$current/push/daemon.pl";
my $socket    = '/run/sixgate-push/socket';
my $most_clients   = 16;
my $most_line      = 200;
my $most_lines     = 40;
my $most_bytes     = 4096;
my $line_time      = 5000;    # milliseconds, all of them
my $tick_time      = 2000;
my $most_processes = 24;

$ENV{PATH}   = '/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL} = 'C';
delete @ENV{ grep { /^(?:OPENSSL|SSL)_/ } keys %ENV };
umask 077;
chdir '/';
$SIG{PIPE} = 'IGNORE';
my $ended = 0;
$SIG{TERM} = $SIG{INT} = sub { $ended = 1 };

my $release = readlink($current) // '';
my %upstream;    # by its name, see read_upstreams()
my @clients;     # the oldest first
my @tasks;       # proofs that wait for a process, see proofs.pl
my @jobs;        # processes at work
my %blocked;     # old address → when its route goes
my $holder;      # of the lease: machine, key, until
my $last_push;   # by the wall clock
my ($last_tick, $last_look, $leaving, $numbers, $unwritten) = (0, 0, 0, 0, 0);
my $ticks = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my ($words, $filled) = (60, now());    # that may still be told; one more every ten seconds

read_upstreams();
read_state();
unblock_all();
put_entries();
my $listener = listener();
turn() until $ended;
# Nobody looks after the entries any more: Apache follows DNS.
write_state();
put_entries({});
unblock_all();
unlink $socket;
exit 0;

# Milliseconds of a clock that nobody sets; perl-base alone has none finer than the tick.
sub now { return int(1000 * (POSIX::times())[0] / $ticks); }

# ---------------------------------------------------------------- one turn

sub turn {
    my ($read, $write) = ('', '');
    my $now  = now();
    my $wait = $last_tick + $tick_time - $now;
    my $until = sub { $wait = $_[0] - $now if $_[0] - $now < $wait; };
    vec($read, fileno($listener), 1) = 1;
    for my $one (@clients) {
        vec($read, fileno($one->{handle}), 1) = 1 if wants_more($one);
        vec($write, fileno($one->{handle}), 1) = 1 if $one->{out} ne '';
        $until->($one->{until}) unless @{ $one->{slots} };
    }
    for my $job (@jobs) {
        vec($read, fileno($job->{handle}), 1) = 1;
        $until->($job->{until});
    }
    $until->($_) for values %blocked;
    my $ready = select($read, $write, undef, $wait > 0 ? $wait / 1000 : 0);
    ($read, $write) = ('', '') unless $ready > 0;
    for my $job (@jobs) { take_from_job($job, vec($read, fileno($job->{handle}), 1)); }
    @jobs = grep { !$_->{gone} } @jobs;
    for my $one (@clients) {
        take_bytes($one) if vec($read, fileno($one->{handle}), 1);
        do { take_requests($one) } while send_answers($one);
    }
    @clients = grep { !$_->{gone} } @clients;
    accept_client() if vec($read, fileno($listener), 1);
    start_tasks();
    $now = now();
    for (grep { $blocked{$_} <= $now } keys %blocked) { unblock($_); }
    write_state() if $unwritten;
    tick() if $now >= $last_tick + $tick_time;
}

sub tick {
    $last_tick = now();
    end_processes();
    become_current() if (readlink($current) // '') ne $release;
    look_at_dns();
    put_entries();
    write_state('now and then');
}

# Another release has become the current one: its daemon goes on with what this one knows.
sub become_current {
    $leaving ||= now();
    return if now() < $leaving + 6000 && grep { @{ $_->{slots} } || $_->{out} ne '' } @clients;
    write_state();
    unblock_all();
    for my $job (@jobs) { kill('KILL', -$job->{pid}); }
    if (-f $self) { exec('/usr/bin/perl', $self); }
    # It has none, and nobody would ever take the entries away.
    delete $_->{pushed} for values %upstream;
    $ended = 1;
}

# The account's processes are sshd's and client.pl's: an attacker can have too many connections. The oldest go of the key
# that has most of them; connections without client.pl are nobody's. (A user's systemd is no connection.)
sub end_processes {
    my $uid = getpwnam($account) // return;
    my %is;
    for my $process (glob '/proc/[0-9]*') {
        next unless ((stat $process)[4] // 0) == $uid;
        my ($pid, $name, $rest) = slurp("$process/stat") =~ /^(\d+) \((.*)\) (.*)/s or next;
        my ($key) = slurp("$process/cmdline") =~ m{/push/client\.pl\0([0-9a-f]{16})\0};
        $is{$pid} = { pid => $pid, parent => (split ' ', $rest)[1], since => (split ' ', $rest)[19], key => $key } unless $name =~ /^(?:systemd|\(sd-pam\))$/;
    }
    my $beyond = keys(%is) - $most_processes;
    return if $beyond <= 0;
    for my $client (grep { defined $_->{key} } values %is) {
        for (my $one = $is{ $client->{parent} }; $one && !defined $one->{key}; $one = $is{ $one->{parent} }) { $one->{key} = $client->{key}; }
    }
    my %of;
    push @{ $of{ $_->{key} // '' } }, $_ for sort { $a->{since} <=> $b->{since} } values %is;
    for (1 .. $beyond) {
        my ($key) = sort { @{ $of{$b} } <=> @{ $of{$a} } } keys %of;
        kill('KILL', shift(@{ $of{$key} })->{pid});
    }
    told("$beyond processes of $account too many were ended.");
}

# ---------------------------------------------------------------- clients

sub listener {
    unlink $socket;
    socket(my $made, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
    bind($made, pack_sockaddr_un($socket)) or die "$socket: $!\n";
    chown(0, getgrnam($account) // 0, $socket) or die "$socket: $!\n";
    chmod(0660, $socket) or die "$socket: $!\n";
    listen($made, 64) or die "$socket: $!\n";
    unblocking($made);
    return $made;
}

sub unblocking { fcntl($_[0], F_SETFL, fcntl($_[0], F_GETFL, 0) | O_NONBLOCK); }

sub accept_client {
    accept(my $handle, $listener) or return;
    unblocking($handle);
    make_room() if @clients >= $most_clients;
    # Others in the account's group may see how it stands (the alarm), and tell nothing.
    my $uid = (unpack 'iII', getsockopt($handle, SOL_SOCKET, 17) // '')[1];    # SO_PEERCRED: pid, uid, gid
    my $trusted = defined $uid && ($uid == 0 || $uid == (getpwnam($account) // 0));
    push @clients, { handle => $handle, trusted => $trusted, key => '', machine => '', in => '', out => '', bytes => 0, lines => 0, slots => [], until => now() + $line_time };
}

# Of the key that has most of them; rather one that waits for nothing.
sub make_room {
    my %has;
    $has{ $_->{key} }++ for @clients;
    my ($key) = sort { $has{$b} <=> $has{$a} } keys %has;
    my @of = grep { $_->{key} eq $key } @clients;
    my ($one) = grep { !@{ $_->{slots} } } @of;
    end_client($one // $of[0]);
    @clients = grep { !$_->{gone} } @clients;
}

sub end_client {
    my ($one) = @_;
    close($one->{handle});
    $one->{gone} = 1;
    @tasks = grep { !$_->{client} || $_->{client} != $one } @tasks;
}

sub wants_more { my ($one) = @_; return !$one->{eof} && $one->{out} eq '' && $one->{bytes} < $most_bytes; }

sub take_bytes {
    my ($one) = @_;
    return if $one->{gone};
    my $got = sysread($one->{handle}, $one->{in}, $most_bytes - $one->{bytes}, length $one->{in});
    return if !defined $got && ($!{EINTR} || $!{EAGAIN});
    $one->{bytes} += $got // 0;
    $one->{eof} = 1 if !$got || $one->{bytes} >= $most_bytes;
}

# Several set at the same time; all else one after the other.
sub take_requests {
    my ($one) = @_;
    while (!$one->{gone} && !$one->{last} && length $one->{out} < 65536 && $one->{in} =~ /^([^\n]*)\n/) {
        my $line = $1;
        last if @{ $one->{slots} } && $line !~ /^set /;
        substr($one->{in}, 0, length($line) + 1) = '';
        $one->{until} = now() + $line_time;
        next if $one->{lines} == 0 && $one->{key} eq '' && $line =~ /^from ([0-9a-f]{16}|-)$/ && ($one->{key} = $1);
        my $slot = {};
        push @{ $one->{slots} }, $slot;
        if    (++$one->{lines} > $most_lines) { refuse($one, $slot, 'more-lines'); }
        elsif (length $line > $most_line)     { refuse($one, $slot, 'long-line'); }
        else                                  { $slot->{text} = request($one, $slot, $line); }
    }
    return if $one->{gone} || $one->{last} || @{ $one->{slots} };
    my $why = length $one->{in} > $most_line ? 'long-line' : $one->{eof} && $one->{in} ne '' ? 'line-without-end'
        : $one->{eof} ? '' : now() >= $one->{until} ? 'time' : return;
    my $slot = {};
    push @{ $one->{slots} }, $slot if $why ne '';
    refuse($one, $slot, $why);
}

# The last answer that this client gets.
sub refuse {
    my ($one, $slot, $why) = @_;
    $slot->{text} = "no $why\n" if $why ne '';
    @$one{qw(last in eof)} = (1, '', 1);
}

# Gives how many requests are answered now that were not before.
sub send_answers {
    my ($one) = @_;
    return 0 if $one->{gone};
    my $answered = 0;
    while (@{ $one->{slots} } && defined $one->{slots}[0]{text}) {
        $one->{out} .= shift(@{ $one->{slots} })->{text};
        $one->{until} = now() + $line_time;
        $answered++;
    }
    if ($one->{out} ne '') {
        my $wrote = syswrite($one->{handle}, $one->{out});
        if    (defined $wrote) { substr($one->{out}, 0, $wrote) = ''; }
        elsif (!$!{EAGAIN} && !$!{EINTR} || now() >= $one->{until}) { end_client($one); }
    }
    end_client($one) if !$one->{gone} && $one->{last} && $one->{out} eq '' && !@{ $one->{slots} };
    return $one->{gone} ? 0 : $answered;
}

# ---------------------------------------------------------------- requests

# The answer, or nothing where it comes later.
sub request {
    my ($one, $slot, $line) = @_;
    if ($line =~ /^hello 1 ([a-z0-9][a-z0-9-]{0,63})$/) {
        $one->{machine} = $1;
        return "$line\n";
    }
    return "no hello\n" if $one->{machine} eq '';
    return state() if $line eq 'state';
    return "no rights\n" unless $one->{trusted};
    return set_address($one, $slot, $1, $2) if $line =~ /^set ([!-~]+) ([!-~]+)$/;
    return lease($one, $1, $2) if $line =~ /^lease ([a-z0-9-]+) (0|[1-9]\d{0,2})$/;
    return drift() if $line eq 'drift';
    if ($line eq 'alive') {
        note_push();
        return 'alive ' . time . "\n";
    }
    return "no such-request\n";
}

sub note_push { $last_push = time; }

# Who holds it is a machine with a key: another key's bearer may call himself the same.
sub other_holder {
    my ($one) = @_;
    undef $holder if $holder && $holder->{until} <= now();
    return $holder && ($holder->{machine} ne $one->{machine} || $holder->{key} ne $one->{key});
}

sub seconds_left { return $holder ? POSIX::ceil(($holder->{until} - now()) / 1000) : 0; }

sub lease {
    my ($one, $machine, $seconds) = @_;
    return "no machine\n" if $machine ne $one->{machine};
    return "no seconds\n" if $seconds && ($seconds < 5 || $seconds > 120);
    return "lease other $holder->{machine} " . seconds_left() . "\n" if other_holder($one);
    note_push();
    my $new = !$holder;
    $holder = $seconds ? { machine => $machine, key => $one->{key}, until => now() + 1000 * $seconds } : undef;
    told($seconds ? "$machine leads." : "$machine leads no longer.") if $new == !!$seconds;
    return "lease held $machine $seconds\n";
}

sub state {
    my $text = '';
    for my $name (sort keys %upstream) {
        my $is = $upstream{$name};
        my $address = $is->{pushed} // '-';
        my $proven = !defined $is->{proven} || $address eq '-' ? 'unknown' : $is->{proven} ? 'proven' : 'unproven';
        $text .= "upstream $name pushed $address used $address $proven\n";
    }
    other_holder({ machine => '', key => '' });
    my $since = defined $last_push ? time - $last_push : '-';
    $since = 0 if $since ne '-' && $since < 0;
    return $text . join(' ', 'state', $holder ? $holder->{machine} : '-', seconds_left(), $since) . "\n";
}

# ---------------------------------------------------------------- words

# To the journal, transitions only, and not without end.
sub told {
    my ($text) = @_;
    my $now = now();
    $words = $words + ($now - $filled) / 10000;
    $words = 60 if $words > 60;
    $filled = $now;
    return if $words < 1;
    $words--;
    print STDERR "$text\n";
}

sub slurp {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or return '';
    read($in, my $text, 1 << 20);
    return $text // '';
}

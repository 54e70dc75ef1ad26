# Part of push/daemon.pl: where Apache looks for the home, and what it holds on to.
#
# /var/lib/sixgate/push/state, one a line: pushed-at UNIX; lease MACHINE KEY UNTIL-UNIX; address UPSTREAM ADDRESS

my ($hosts, $state_file, $begin, $end, $fresh_time, $block_time, $look_time, $quiet_seconds, $most_switches, $last_written, $write_time);
BEGIN {
    $hosts      = '/etc/hosts';
    $state_file = '/var/lib/sixgate/push/state';
    $begin      = '# BEGIN Sixgate: pushed addresses of the home; changes in here are overwritten.';
    $end        = '# END Sixgate';
    $fresh_time = 5000;
    $block_time = 3000;
    $look_time  = 5000;
    $quiet_seconds = 600;
    $most_switches = 30;    # in a minute, of one upstream
    ($last_written, $write_time) = (0, 30_000);
}

# ---------------------------------------------------------------- set

sub set_address {
    my ($one, $slot, $name, $address) = @_;
    my $refused = sub { "set $name $address refused $_[0]\n" };
    my $is = $upstream{$name} // return $refused->('unknown-upstream');
    return $refused->('not-global') if !is_global($address) || is_own($address);
    return $refused->('not-leader') if other_holder($one);
    note_push();
    my $same = ($is->{pushed} // '') eq $address;
    return "set $name $address unchanged 0\n" if $same && $is->{proven} && $is->{when} + $fresh_time > now();
    return $refused->('limit') if !$same && tokens($is) < 1;
    push @tasks, { kind => 'set', upstream => $name, address => $address, client => $one, slot => $slot, came => now(), number => ++$numbers };
    return undef;
}

sub tokens {
    my ($is) = @_;
    my $now = now();
    $is->{tokens} += ($now - $is->{filled}) * $most_switches / 60_000;
    $is->{tokens} = $most_switches if $is->{tokens} > $most_switches;
    $is->{filled} = $now;
    return $is->{tokens};
}

sub done_set {
    my ($task, $text) = @_;
    my ($name, $address) = @$task{qw(upstream address)};
    my $is = $upstream{$name};
    my ($proven, @found) = split ' ', $text;
    my $answer = sub { $task->{slot}{text} = "set $name $address $_[0]\n" };
    my $same = ($is->{pushed} // '') eq $address;
    if (($proven // '') ne 'proven') {
        $is->{proven} = 0 if $same;
        $answer->($task->{ended} ? 'refused limit' : 'refused not-proven');
        return;
    }
    @$is{qw(proven when)} = (1, now()) if $same;
    if ($same) { $answer->('unchanged ' . (now() - $task->{came})); return; }
    # A later one is proven already; the other bearer of a lease may have come meanwhile.
    if (($is->{number} // 0) > $task->{number} || tokens($is) < 1) { $answer->('refused limit'); return; }
    if (other_holder($task->{client})) { $answer->('refused not-leader'); return; }
    my $old = $is->{pushed};
    $is->{pushed} = $address;
    if (!put_entries()) {
        $is->{pushed} = $old;
        $answer->('refused failed');
        return;
    }
    @$is{qw(proven when number)} = (1, now(), $task->{number});
    $is->{tokens}--;
    lead_away($name, $address, defined $old ? $old : @found);
    $answer->('done ' . (now() - $task->{came}));
    $unwritten = 1;
    told("$name: " . ($old // 'by DNS') . " → $address");
}

# Apache connects to the old addresses no more, and what hangs there ends; it looks the name up again at once. Not where
# another upstream is still there.
sub lead_away {
    my ($name, $new, @old) = @_;
    for my $old (@old) {
        next if $old eq $new || !is_global($old) || is_own($old);
        next if grep { still_there($_, $old) } grep { $_ ne $name } keys %upstream;
        run('ip', '-6', 'route', 'add', 'unreachable', "$old/128", 'proto', '86', 'metric', '1');
        $blocked{$old} = now() + $block_time;
        run('ss', '-K', '-t', '-n', '-H', 'dst', "[$old]");
    }
}

# Not where it is about to leave, too.
sub still_there {
    my ($name, $address) = @_;
    my $is = $upstream{$name};
    return 0 if ($is->{pushed} // $is->{found} // '') ne $address;
    return !grep { $_->{kind} eq 'set' && $_->{upstream} eq $name && $_->{address} ne $address && !$_->{gone} } @tasks, @jobs;
}

sub unblock {
    my ($address) = @_;
    run('ip', '-6', 'route', 'del', 'unreachable', "$address/128", 'proto', '86', 'metric', '1') if delete $blocked{$address};
}

# Also what a daemon before this one has left.
sub unblock_all {
    run('ip', '-6', 'route', 'flush', 'proto', '86');
    %blocked = ();
}

# A short program.
sub run {
    my (@command) = @_;
    my $pid = fork() // return;
    if (!$pid) {
        alarm 5;
        open(STDIN, '<', '/dev/null');
        open($_, '>', '/dev/null') for \*STDOUT, \*STDERR;
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    waitpid($pid, 0);
}

# ---------------------------------------------------------------- DNS

# Where something is pushed: what would Apache do without it?
sub look_at_dns {
    return if now() < $last_look + $look_time || grep { $_->{kind} ne 'set' } @tasks, @jobs;
    my @names = grep { defined $upstream{$_}{pushed} } sort keys %upstream or return;
    $last_look = now();
    start_job({ kind => 'look', upstream => '', names => \@names, number => ++$numbers });
}

sub looked_up {
    my ($text) = @_;
    my $quiet = time - ($last_push // 0) > $quiet_seconds;
    for (split /\n/, $text) {
        my ($name, @found) = split ' ';
        my $is = $upstream{$name} // next;
        $is->{found} = $found[0];
        next unless @found && defined $is->{pushed};
        my $same = grep { $_ eq $is->{pushed} } @found;
        push @tasks, { kind => 'follow', upstream => $name, address => $is->{pushed}, found => \@found, quiet => $quiet, number => ++$numbers }
            if !$same || $quiet;
    }
}

# The entry goes where the home has left the pushed address, or nobody pushes any more, and is where DNS says.
sub done_follow {
    my ($task, $text) = @_;
    my $is = $upstream{ $task->{upstream} };
    my ($proven, $goes) = $text =~ /^(proven|unproven) (\d+|-)$/ or return;
    return unless ($is->{pushed} // '') eq $task->{address};
    @$is{qw(proven when)} = ($proven eq 'proven' ? 1 : 0, now());
    return if $goes eq '-';
    my $new = $task->{found}[$goes] // return;
    delete @$is{qw(pushed proven when)};
    if (!put_entries()) { $is->{pushed} = $task->{address}; return; }
    lead_away($task->{upstream}, $new, $task->{address});
    write_state();
    told("$task->{upstream}: $task->{address} → by DNS, $new");
}

# ---------------------------------------------------------------- files

# UPSTREAM PORT PUBLICNAME PIN-FILE|- named|key
sub read_upstreams {
    for (split /\n/, slurp("$current/push/upstreams")) {
        my ($name, $port, $public, $pin, $named) = m{^([a-z0-9_.-]+)\t(\d+)\t([a-z0-9_.-]+)\t(-|/etc/sixgate/current/pins/[a-z0-9-]+\.pem)\t(named|key)$} or next;
        $upstream{$name} = { port => $port, name => $public, pin => $pin, named => $named eq 'named', tokens => $most_switches, filled => now() };
    }
}

# What was pushed long ago is not where the home is: there DNS knows more.
sub read_state {
    my %pushed;
    for (split /\n/, slurp($state_file)) {
        if (/^pushed-at (\d{1,12})$/) { $last_push = $1; }
        elsif (/^lease ([a-z0-9-]+) ([0-9a-f]{16}|-?) (\d{1,12})$/) {
            my $left = $3 - time;
            $holder = { machine => $1, key => $2, until => now() + 1000 * $left } if $left > 0 && $left <= 120;
        }
        elsif (/^address (\S+) (\S+)$/ && $upstream{$1} && is_global($2) && !is_own($2)) { $pushed{$1} = $2; }
    }
    return unless defined $last_push && time - $last_push <= $quiet_seconds;
    $upstream{$_}{pushed} = $pushed{$_} for keys %pushed;
}

# What changes with every push is written now and then.
sub write_state {
    my ($now_then) = @_;
    return if $now_then && now() < $last_written + $write_time;
    ($last_written, $unwritten) = (now(), 0);
    my @lines;
    push @lines, "pushed-at $last_push" if defined $last_push;
    push @lines, "lease $holder->{machine} $holder->{key} " . (time + seconds_left()) if $holder && seconds_left() > 0;
    push @lines, map { "address $_ $upstream{$_}{pushed}" } grep { defined $upstream{$_}{pushed} } sort keys %upstream;
    my $text = join('', map { "$_\n" } @lines);
    put($state_file, $text, 0600) if slurp($state_file) ne $text;
}

# Brings the block in /etc/hosts up to date, or to what is given; gives whether it is as it should be.
sub put_entries {
    my ($entries) = @_;
    $entries //= { map { $_ => $upstream{$_}{pushed} } grep { defined $upstream{$_}{pushed} } keys %upstream };
    my $text = slurp($hosts);
    (my $rest = $text) =~ s/^\Q$begin\E\n.*?^\Q$end\E\n//msg;
    my $lines = join('', map { "$entries->{$_} $_\n" } sort keys %$entries);
    $rest .= "\n" if $rest ne '' && $rest !~ /\n\z/ && $lines ne '';
    my $new = $rest . ($lines eq '' ? '' : "$begin\n$lines$end\n");
    return 1 if $new eq $text;
    my @is = stat $hosts;
    return put(readlink($hosts) // $hosts, $new, @is ? $is[2] & 07777 : 0644);
}

# Replaces a file by renaming; gives whether that went well.
sub put {
    my ($path, $content, $bits) = @_;
    return 0 unless $path =~ m{^/};
    (my $beside = $path) =~ s{([^/]*)$}{.$1.sixgate};
    unlink $beside;
    my $out;
    my $good = open($out, '>:raw', $beside) && (print {$out} $content) && chmod($bits, $out) && $out->flush && $out->sync
        && close($out) && rename($beside, $path);
    told("$path: $!.") unless $good;
    unlink $beside unless $good;
    return $good ? 1 : 0;
}

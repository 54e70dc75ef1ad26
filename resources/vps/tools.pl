# Part of run.pl: files, programs, events.

sub split_list { my ($is) = @_; return grep { length } split /\t/, $is->{field}[0]; }

# Where a path is written now: files of the release go to the new one.
sub place { my ($path) = @_; return $path =~ m{^\Q$current\E/(.+)$} ? "$base/releases/$release/$1" : $path; }

sub folder {
    my ($path, $bits) = @_;
    return if -d $path;
    mkdir($path, $bits) or failed("$path: $!.");
}

sub slurp {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or failed("$path: $!.");
    local $/;
    return <$in> // '';
}

# Replaces a file in one rename, with its mode from its first byte on.
sub put {
    my ($path, $bits, $content) = @_;
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
    return if print {$out} $content and chmod($bits, $out) and $out->flush and $out->sync and close($out)
        and rename($beside, $path);
    my $why = $!;
    unlink $beside;
    failed("$path could not be written: $why.");
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
# { input } is a file to read from; { stoppable } passes a cancellation on to it; { seconds } ends it after that time.
sub command {
    my %how = ref $_[0] ? %{ shift() } : ();
    my (@command) = @_;
    my $pid = open(my $from, '-|') // failed("fork: $!.");
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP PIPE);
        open(STDIN, '<', $how{input} // '/dev/null');
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

sub open_log {
    my $mask = umask 077;
    open($log, '+>>', "$dir/log") or die "$dir/log: $!\n";
    umask $mask;
    $log->autoflush(1);
    STDOUT->autoflush(1);
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

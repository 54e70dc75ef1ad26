# Part of push/daemon.pl: proofs of the home's identity, each by a process of its own.
#
# A task is what is to be proven for an upstream:
#   set     address; client and slot that wait for it; came: when; number: which of two came first
#   follow  the pushed address, and those of DNS; quiet: nobody pushes any more
#   look    the addresses of all pushed upstreams in DNS

my ($proof_seconds, $most_proofs, $patience);
BEGIN { ($proof_seconds, $most_proofs, $patience) = (3, 4, 1500); }

# The processes that there is room for. The key with the fewest at work goes first, then who wants visitors to be served,
# then who came first.
sub start_tasks {
    while (@tasks) {
        my @proofs = grep { $_->{kind} ne 'look' } @jobs;
        my %busy;
        $busy{ key_of_task($_) }++ for @proofs;
        my ($task) = sort {
            ($busy{ key_of_task($a) } // 0) <=> ($busy{ key_of_task($b) } // 0)
                || ($a->{kind} ne 'set') <=> ($b->{kind} ne 'set') || $a->{number} <=> $b->{number}
        } @tasks;
        if (@proofs >= $most_proofs) {
            end_a_proof($task, \%busy, @proofs);
            return;
        }
        @tasks = grep { $_ != $task } @tasks;
        start_job($task);
    }
}

sub key_of_task { my ($is) = @_; return $is->{client} ? $is->{client}{key} : 'own'; }

# Addresses where nothing answers keep their processes busy to the end: where a key has several of them at work and another
# one has none, or where one takes long and others wait, the oldest has to go.
sub end_a_proof {
    my ($task, $busy, @proofs) = @_;
    return if grep { $_->{ended} } @proofs;
    my $key = key_of_task($task);
    my ($most) = sort { $busy->{$b} <=> $busy->{$a} } keys %$busy;
    my ($oldest) = grep { key_of_task($_) eq $most } @proofs;
    my $other = !$busy->{$key} && $busy->{$most} > 1;
    my $long  = $oldest->{started} + $patience <= now() && ($oldest->{client} // 0) != ($task->{client} // 0);
    return unless $other || $long;
    kill('KILL', -$oldest->{pid});
    $oldest->{ended} = 1;
}

sub start_job {
    my ($task) = @_;
    unblock($_) for grep { defined } $task->{address}, @{ $task->{found} // [] };
    my ($from, $to);
    my $pid = pipe($from, $to) ? fork() : undef;
    if (!defined $pid) { done_task($task, ''); return; }
    if (!$pid) {
        POSIX::setpgid(0, 0);
        @SIG{qw(TERM INT PIPE)} = ('DEFAULT') x 3;
        close($_) for $listener, $from, map { $_->{handle} } @clients, @jobs;
        my $text = eval { $task->{kind} eq 'look' ? look_up_all(@{ $task->{names} }) : prove_task($task) };
        told("A proof broke off: $@") unless defined $text;
        syswrite($to, $text // '');
        POSIX::_exit(0);
    }
    POSIX::setpgid($pid, $pid);
    close($to);
    my %proofs = (set => 1, follow => 1 + @{ $task->{found} // [] }, look => 3);
    @$task{qw(pid handle text started until)} = ($pid, $from, '', now(), now() + 500 + 1000 * $proof_seconds * $proofs{ $task->{kind} });
    push @jobs, $task;
}

sub take_from_job {
    my ($job, $ready) = @_;
    my $late = $job->{ended} || now() >= $job->{until};
    if ($ready && !$late) {
        my $got = sysread($job->{handle}, $job->{text}, 65536, length $job->{text});
        return if $got || !defined $got && $!{EINTR};
    }
    elsif (!$late) { return; }
    kill('KILL', -$job->{pid}) if $late;
    waitpid($job->{pid}, 0);
    close($job->{handle});
    $job->{gone} = 1;
    done_task($job, $late ? '' : $job->{text});
}

sub done_task {
    my ($task, $text) = @_;
    if ($task->{kind} eq 'look') { looked_up($text); }
    elsif ($task->{kind} eq 'set') { done_set($task, $text); }
    else                           { done_follow($task, $text); }
}

# ---------------------------------------------------------------- in the process

# "proven" or "unproven", then the addresses in DNS where it matters which ones Apache has used; for follow the number of
# the first address of DNS that is proven, or "-".
sub prove_task {
    my ($task) = @_;
    my $is = $upstream{ $task->{upstream} };
    my $running = begin_proof($is, $task->{address});
    if ($task->{kind} eq 'set') {
        my @found = defined $is->{pushed} ? () : look_up($task->{upstream});
        return join(' ', ended_proof($is, $running) ? 'proven' : 'unproven', @found) . "\n";
    }
    my $stays = ended_proof($is, $running);
    my $goes  = '-';
    if (!$stays || $task->{quiet}) {
        for my $i (0 .. $#{ $task->{found} }) {
            next unless ended_proof($is, begin_proof($is, $task->{found}[$i]));
            $goes = $i;
            last;
        }
    }
    return join(' ', $stays ? 'proven' : 'unproven', $goes) . "\n";
}

# What Apache will do when it connects there, and says on failure: nothing less.
sub begin_proof {
    my ($is, $address) = @_;
    my $pid = open(my $from, '-|') // return undef;
    if ($pid) {
        $SIG{ALRM} = sub { kill('KILL', $pid) };
        alarm $proof_seconds;
        return $from;
    }
    open(STDERR, '>', '/dev/null');
    open(STDIN,  '<', '/dev/null');
    exec('openssl', 's_client', '-connect', "[$address]:$is->{port}", '-servername', $is->{name}, '-min_protocol', 'TLSv1.2',
        '-no-CApath', '-no-CAstore', '-CAfile', $is->{pin} eq '-' ? '/etc/ssl/certs/ca-certificates.crt' : $is->{pin},
        '-verify_return_error', $is->{named} ? ('-verify_hostname', $is->{name}) : ())
        or POSIX::_exit(127);
}

sub ended_proof {
    my ($is, $from) = @_;
    return 0 unless $from;
    my $text = do { local $/; <$from> } // '';
    my $good = close($from);
    alarm 0;
    return 0 unless $good && $text =~ /^\s*Verif(?:ication: OK|y return code: 0 \(ok\))$/m;
    my $key = public_key($text);
    return 0 if $key eq '';
    return 0 if $is->{pin} ne '-' && $key ne public_key(slurp($is->{pin}));
    # This machine itself has certificates for the public names.
    return !grep { public_key(slurp($_)) eq $key } glob '/etc/letsencrypt/live/*/cert.pem';
}

# SubjectPublicKeyInfo of the first certificate (RFC 5280, section 4.1), as DER has it; empty where there is none.
sub public_key {
    my ($base64) = $_[0] =~ /-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----/s or return '';
    my ($certificate) = elements(unbase64($base64));
    my ($signed) = elements($certificate->[2] // '');
    # A version comes first, where it is told.
    my @parts = grep { $_->[0] != 0xa0 } elements($signed->[2] // '');
    return @parts > 5 ? $parts[5][1] : '';
}

# [tag, all of it, content] of each element that stands there one after the other.
sub elements {
    my ($der) = @_;
    my @found;
    my $at = 0;
    while ($at + 2 <= length $der) {
        my ($tag, $size) = unpack('C2', substr($der, $at, 2));
        my $head = 2;
        if ($size > 0x80) {
            my $more = $size - 0x80;
            last if $more > 3 || $at + 2 + $more > length $der;
            $size = unpack('N', "\0" x (4 - $more) . substr($der, $at + 2, $more));
            $head += $more;
        }
        last if $at + $head + $size > length $der;
        push @found, [$tag, substr($der, $at, $head + $size), substr($der, $at + $head, $size)];
        $at += $head + $size;
    }
    return @found;
}

sub unbase64 {
    my ($text) = @_;
    $text =~ tr{A-Za-z0-9+/}{}cd;
    $text =~ tr{A-Za-z0-9+/}{ -_};
    my $out = '';
    while ($text =~ /(.{1,60})/gs) { my $part = $1; $out .= unpack('u', chr(32 + int(length($part) * 3 / 4)) . $part); }
    return $out;
}

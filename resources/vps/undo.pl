# Part of run.pl: the lock, what earlier runs left, and the way back.
#
# Before a run touches anything outside of its new release, it notes in DIR/undo how that was; on the disk before the
# deed, so that the way back is known whenever the run is killed or the machine stops. One entry a line, fields
# separated by tabs, the last one is undone first:
#   STEP tree   FOLDER                                did not exist
#   STEP absent PATH                                  did not exist
#   STEP file   PATH MODE NUMBER                      its content is DIR/old/NUMBER
#   STEP link   PATH TARGET
#   STEP port   KIND WHERE…                           was closed in the firewall, see firewall.pl
#   STEP keeper UNIT ACTIVE
#   STEP unit   NAME ENABLED ACTIVE GENERATION        what systemd said, 1 or 0; Apache's generation()
# It is removed when the new release has proven itself; until then the old state counts.

sub open_lock {
    # Nobody else may read it: who reads a file may lock it.
    my $mask = umask 077;
    my $ok   = open($lock, '+>>', $lock_file);
    umask $mask;
    failed("$lock_file: $!.") unless $ok;
    chmod 0600, $lock;
}

# Gives whether it was to be had within so many seconds.
sub take_lock {
    my ($seconds) = @_;
    for (1 .. $seconds * 10) {
        open_lock() unless $lock;
        if (flock($lock, LOCK_EX | LOCK_NB)) {
            # A removal that ended just now has taken the file away: then this one locks nothing.
            if ((stat $lock)[1] != ((stat $lock_file)[1] // 0)) { undef $lock; redo; }
            # facts.pl tells others who it is.
            truncate($lock, 0);
            $lock->autoflush(1);
            print {$lock} join("\t", base64($owner{who}), time, $run), "\n";
            return 1;
        }
        select(undef, undef, undef, 0.1);
        stop_here() unless defined $mode;
    }
    return 0;
}

# For a sentence: who has the lock.
sub lock_owner {
    seek($lock, 0, 0);
    my ($who, $since) = (readline($lock) // '') =~ /^(\S+)\t(\d+)\t/ or return '';
    ($who = unbase64($who)) =~ s/[^ -~]/?/g;
    return POSIX::strftime(" ($who, since %H:%M UTC)", gmtime $since);
}

# The identifier of the release whose activation came to its end, or "-". None counts while something is to be taken
# back. facts.pl tells the same.
sub deployed {
    my @open = glob("$runs/*/undo");
    return '-' if @open;
    my $is = readlink($current) // '';
    return $is eq (readlink($active) // '') && $is =~ m{^releases/([0-9a-f]{16})-} ? $1 : '-';
}

# ---------------------------------------------------------------- the journal

sub note_down {
    my ($kind, @fields) = @_;
    failed("$fields[0] is nothing that could be brought back.") if grep { /[\t\n]/ } @fields;
    if (!$journal) {
        my $mask = umask 077;
        my $ok = open($journal, '>>', "$dir/undo");
        umask $mask;
        failed("$dir/undo: $!.") unless $ok;
        sync_folder($dir);
    }
    print {$journal} join("\t", $step, $kind, @fields), "\n" and $journal->flush and $journal->sync
        or failed("$dir/undo: $!.");
}

# Notes how a path outside of the release is.
sub remember {
    my ($path) = @_;
    note_unit($_) for $remembered ? () : qw(apache2.service certbot.timer);
    $remembered++;
    if    (-l $path)  { note_down('link', $path, readlink $path); }
    elsif (!-e $path) { note_down('absent', $path); }
    else {
        failed("$path is no file.") unless -f $path;
        put("$dir/old/$remembered", 0600, slurp($path));
        sync_folder("$dir/old");
        note_down('file', $path, sprintf('%o', (stat $path)[2] & 07777), $remembered);
    }
}

sub note_unit {
    my ($unit) = @_;
    note_down('unit', $unit, is_enabled($unit), is_active($unit), $unit eq 'apache2.service' ? generation() : '-');
}

sub forget_journal {
    undef $journal;
    unlink "$dir/undo";
    sync_folder($dir);
}

sub sync_folder {
    my ($folder) = @_;
    open(my $in, '<', $folder) or failed("$folder: $!.");
    $in->sync;
}

# ---------------------------------------------------------------- the way back

# Undoes all that the journal holds; gives what could not be undone.
sub take_back {
    my ($boot) = @_;
    unlink "$dir/reserve";
    my @entries = map { [split /\t/] } -f "$dir/undo" ? slurp("$dir/undo") =~ /^(.+)\n/mg : ();
    # A later run may have found a current release that no run had proven.
    my $was_swapped = grep { $_->[2] eq $current } @entries;
    my (@failed, %bad);
    for my $entry (reverse @entries) {
        my ($of, $kind, $path, @more) = @$entry;
        my $done = eval {
            if    ($kind eq 'file')   { put_back($path, @more); }
            elsif ($kind eq 'link')   { link_to($path, $more[0]); }
            elsif ($kind eq 'absent') { unlink $path; failed("$path: $!.") if -l $path || -e $path; }
            elsif ($kind eq 'tree')   { command('rm', '-rf', '--', $path) if $path =~ m{^$base/releases/[^/]}; }
            elsif ($kind eq 'port')   { port_back($path, @more); }
            elsif ($kind eq 'keeper') { keeper_back($path, @more, $boot); }
            elsif ($kind eq 'unit')   { bring_back($path, @more, $was_swapped, $boot); }
            1;
        };
        next if $done;
        push @failed, ref $@ ? $@->{summary} : $@;
        $bad{$of} = 1;
    }
    command('sync', '-f', $base) if @entries;
    my %state;
    seek($log, 0, 0);
    while (<$log>) { $state{$1} = $2 if /^step\t(\S+)\t(started|done|unchanged|failed)\t/; }
    seek($log, 0, 2);
    for my $one (reverse @steps) {
        next if $one->{kind} =~ /^(?:packages|certificate|forget|push|alarm|renewals)$/ || $bad{ $one->{id} };
        event($one->{id}, 'undone', '') if ($state{ $one->{id} } // '') =~ /^(?:started|done)$/;
    }
    forget_journal();
    return @failed;
}

# The copy itself takes its place again where that can be: it needs no room, and the disk may be full.
sub put_back {
    my ($path, $bits, $number) = @_;
    my $copy = "$dir/old/$number";
    (my $beside = $path) =~ s{[^/]*$}{.sixgate-$run};
    unlink $beside;
    return if link($copy, $beside) && chmod(oct $bits, $beside) && rename($beside, $path);
    unlink $beside;
    put($path, oct $bits, slurp($copy));
}

# The end of a run in all cases.
sub finish {
    my ($is, $boot) = @_;
    my @failed = $is->{verdict} eq 'done' ? () : take_back($boot);
    $is->{detail} = join("\n", grep { length } $is->{detail} // '', 'Not undone: ' . join(' ', @failed)) if @failed;
    if (@failed && -d "$dir/old") {
        # The only copies of what could not be put back: a new name needs no room, and the disk may be full.
        eval { folder($edited, 0700) };
        my ($kept) = grep { rename("$dir/old", $_) } "$edited/$run-not-undone", "$dir/not-undone";
        $is->{detail} .= "\nWhat was there before is kept in $kept." if defined $kept;
    }
    remove_contents($dir);
    result($is);
    disarm();
    leave() if $leaving && $is->{verdict} eq 'done';
}

# After a removal: who follows the run has read its log by then. Who lost the connection finds its result where it is
# gone with the next boot; follow.pl looks there, too.
sub leave {
    put("/run/sixgate-$run.result", 0600, slurp("$dir/result"));
    select(undef, undef, undef, 5);
    close($log);
    # Another computer's run may have come meanwhile; it waits for this lock.
    command('rm', '-rf', '--', $dir);
    rmdir for $runs, '/var/lib/sixgate';
    unlink $lock_file;
}

# Contents and old contents may be secret; the log and the result are not.
sub remove_contents { my ($of) = @_; system('rm', '-rf', '--', "$of/files", "$of/old", "$of/steps", "$of/owner", "$of/reserve"); }

# The end of a run that could not end by itself, and the rest for one that could. Gives whether there is nothing to do
# any more.
sub recover {
    my $ended = sub { -e "$dir/result" && !-e "$dir/undo" };
    if (!$ended->()) {
        my $may = $mode eq 'tidy' || take_lock(100);
        return 0 unless $may || $ended->();    # the one that has the lock may have done it
        recover_now() unless $ended->();
    }
    remove_contents($dir);
    unlink "$dir/run.pl";
    disarm();
    return 1;
}

sub recover_now {
    open_log();
    print {$log} "\n";    # where the last line was broken off
    eval { read_steps() };
    my $is = readlink($active) // '';
    my $was_proven = $is =~ /-\Q$run\E$/ && $is eq (readlink($current) // '') && !-e "$dir/undo";
    my $how = $mode eq 'boot' ? 'when the machine stopped' : 'from outside';
    finish(
        $was_proven
        ? { verdict => 'done', summary => "Everything was done, but the run was ended $how before it could tidy up." }
        : ($ENV{EXIT_STATUS} // '') eq 'TERM' ? cancelled()
        : (grep { $_->{kind} eq 'remove' } @steps)
        ? { verdict => 'failed', summary => "The removal was ended $how; run it again to end it." }
        : { verdict => 'failed', summary => "The run was ended $how; what it had done is undone (packages and certificates stay)." },
        $mode eq 'boot');
}

# For the boot after a stop of the machine in the middle: the way back comes before Apache. systemd reads it then; it
# is there as long as the run is.
sub arm {
    # Room for the way back and for what is told of it, should the disk become full.
    put("$dir/reserve", 0600, "\0" x 262144);
    put($rescue, 0644, <<"END");
[Unit]
Description=Sixgate takes back what an interrupted run left
Before=apache2.service certbot.service

[Service]
Type=oneshot
ExecStart=/usr/bin/perl $dir/run.pl $dir boot
TimeoutStartSec=150
END
    (my $folder = $rescue_link) =~ s{/[^/]*$}{};
    folder($folder, 0755);
    link_to($rescue_link, $rescue);
    sync_folder($folder);
}

sub disarm { unlink $rescue_link, $rescue if -f $rescue && slurp($rescue) =~ m{ \Q$dir\E boot$}m; }

# ---------------------------------------------------------------- what earlier runs left

# The lock is held: no other run is at work, at most one is arriving or waits.
sub tidy {
    for my $folder (glob "$runs/*") {
        next if $folder eq $dir || is_alive($folder);
        # It was killed, and so was what was to come after it.
        command('/usr/bin/perl', "$dir/run.pl", $folder, 'tidy') if -e "$folder/undo" || -e "$folder/log" && !-e "$folder/result";
        failed('What an earlier run left could not be taken back.', "See $folder.") if -e "$folder/undo";
        remove_contents($folder);
        unlink "$folder/run.pl", "$folder/undo";
    }
    unlink glob('/etc/.sixgate-*'), glob("$base/{current,active,staged}.* $base/staged $base/default/*.new $base/{,acme/}.sixgate-* /etc/apache2/sites-available/.sixgate-*"),
        glob('/etc/systemd/system/{.sixgate-*,{multi-user.target,nftables.service}.wants/sixgate-*.service.*} /var/lib/sixgate/.sixgate-*'), glob("$webroot/.well-known/acme-challenge/{sixgate-*,.sixgate-*}");
    restore_active();
    my %keep = map { $_ => 1 } grep { defined } readlink $current, readlink $active;
    for my $folder (glob "$base/releases/*") {
        my ($name, $of) = $folder =~ m{/(releases/[0-9a-f]{16}-([0-9a-z-]+))$} or next;
        my $done = -f "$runs/$of/result" && slurp("$runs/$of/result") =~ /^result\tdone\t/;
        command('rm', '-rf', '--', $folder) unless $done || $keep{$name};
    }
    # The results of those that a release is from stay: they tell that it was proven.
    my %from = map { m{/[0-9a-f]{16}-([0-9a-z-]+)$} ? ($1 => 1) : () } glob "$base/releases/*";
    my @old = sort { (stat $a)[9] <=> (stat $b)[9] } grep { -d && m{([^/]+)$} && !$from{$1} } glob "$runs/*";
    while (@old > 20) { my $oldest = shift @old; system('rm', '-rf', '--', $oldest) unless $oldest eq $dir; }
}

# A bundle that is just arriving, or a run that waits for the lock.
sub is_alive {
    my ($folder) = @_;
    return 0 if -e "$folder/result" || -e "$folder/undo";
    return 1 if !-e "$folder/log" && -M $folder < 600 / 86400;
    return is_active('sixgate-apply-' . ($folder =~ m{([^/]+)$})[0] . '.service');
}

# A current release that never proved itself is not what to go back to, nor what to start from.
sub restore_active {
    my ($is, $proven) = map { readlink($_) // '' } $current, $active;
    return if $is eq $proven || $proven eq '' || !-d "$active/";
    link_to($current, $proven);
    reload_apache() if is_active('apache2.service') || is_enabled('apache2.service');
}

# ---------------------------------------------------------------- what people edited

# All of the current release, also what somebody has put there.
sub current_files {
    return unless -d "$current/";
    my (undef, $files) = command('find', "$current/", '-type', 'f', '-print0');
    return map { s{//}{/}r } split /\0/, $files;
}

# Hash by path of what a release was made of, credentials among it.
sub made_by {
    my ($folder) = @_;
    return map { /^([0-9a-f]{64}) [0-7]+ (?:plain|secret) (\S+)$/ ? ($2 => $1) : () } -f "$folder/manifest" ? split(/\n/, slurp("$folder/manifest")) : ();
}

# Copies that hold keys go with the keys: of edited credentials, and of Sixgate's own files that could not be put back.
sub forget_copies_of_keys {
    command('rm', '-rf', '--', glob "$edited/*/etc/sixgate/acme $edited/*-not-undone");
    rmdir for map { glob } "$edited/*/etc/sixgate", "$edited/*/etc", "$edited/*", $edited;
}

# What a step is about to replace and no run of Sixgate has made: a copy stays, whatever becomes of the run.
sub keep_edited {
    my (@more) = @_;
    my %made = made_by($current);
    # Credentials that the current release does not need any more are as an earlier one left them.
    my %earlier = map { my %one = made_by($_); map { ("$_ $one{$_}" => 1) } grep { m{^$base/acme/} } keys %one } glob "$base/releases/*";
    my %once;
    my @paths = grep { $_ ne "$current/manifest" && -f && !$once{$_}++ }
        @more ? ((grep { !m{^$base/acme/} } keys %made), current_files()) : map { $_->{kind} =~ /^(?:write|delete)$/ ? $_->{field}[0] : () } @steps;
    my $sums = sums(@paths);
    for my $path (@paths) {
        my $is = $sums->{$path} // '-';
        next if ($made{$path} // '') eq $is || $earlier{"$path $is"};
        my $copy = "$edited/$run$path";
        folder($edited, 0700);
        put($copy, 0600, slurp($path));
        my ($one) = grep { ($_->{field}[0] // '') eq $path } @steps;
        event($one ? $one->{id} : $step, 'told', "$path was edited on this machine; a copy of it stays in $copy.");
    }
    my @old = sort { (stat $a)[9] <=> (stat $b)[9] } grep { -d } glob "$edited/*";
    while (@old > 50) { command('rm', '-rf', '--', shift @old); }
}

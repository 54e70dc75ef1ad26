# Prints the lines of a run's log as they come, until its result. Run as: perl - (this text, __END__, "run ID SKIP"):
# SKIP bytes of the log are left out; with a word "once" it only prints what is there. Prints "lost" where there is no
# such run, or where it ended without a result. Changes nothing.
use strict;
use warnings;

$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
$| = 1;
my ($run, $skip, $once) = (<DATA> // '') =~ /^run ([0-9a-z-]{8,64}) (\d{1,12})( once)?$/ or do { print STDERR "no run\n"; exit 2 };
my $dir  = "/var/lib/sixgate/runs/$run";
my $at   = $skip;
my $last = time;
my $begun = $last;
while (1) {
    my ($more, $done) = lines();
    exit 0 if $done;
    exit 0 if $once && -e "$dir/log";
    if ($more) { $last = time; next; }
    # Quiet for a while: is it still there? No answer is no sign. A last look, since it may have ended in between.
    if (time - $last >= 2) {
        $last = time;
        my $state = qx(systemctl is-active sixgate-apply-$run.service 2>/dev/null);
        # What a stop of the machine left is about to be taken back; a bundle may still be arriving.
        next if (-e "$dir/undo" && time - $begun < 180) || (-d $dir && !-e "$dir/log" && time - $begun < 15);
        if ($state =~ /^(inactive|failed|unknown)/) {
            (undef, $done) = lines();
            # A removal takes its log with it, too.
            if (!$done && open(my $result, '<:raw', "/run/sixgate-$run.result")) { $done = 1; print <$result>; }
            print "lost\n" unless $done;
            exit 0;
        }
    }
    select(undef, undef, undef, 0.05);
}

# Prints the whole lines that are new; tells whether there were any and whether the result was among them.
sub lines {
    open(my $log, '<:raw', "$dir/log") or return (0, 0);
    seek($log, $at, 0);
    my ($more, $done) = (0, 0);
    while (my $line = <$log>) {
        last unless $line =~ /\n$/;
        print $line;
        $at += length($line);
        $more = 1;
        $done = 1 if $line =~ /^result\t/;
    }
    return ($more, $done);
}

# Receives a bundle and starts its run. Run as: perl - (this text, __END__, a line "run ID LENGTH", a tar archive of so
# many bytes).
# The bundle goes to /var/lib/sixgate/runs/ID, which root alone can read; nothing of it is ever an argument.
# Prints "started" when the transient unit sixgate-apply-ID runs.
use strict;
use warnings;

$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
umask 077;
binmode(DATA, ':raw');
my ($run, $length) = (<DATA> // '') =~ /^run ([0-9a-z-]{8,64}) (\d{1,12})\n$/ or fail('no run identifier');
my $runs = '/var/lib/sixgate/runs';
for my $folder ('/var/lib/sixgate', $runs) {
    mkdir($folder, 0700) or -d $folder or fail("$folder: $!");
}
my $dir = "$runs/$run";
mkdir($dir, 0700) or fail("$dir: $!");

$SIG{PIPE} = 'IGNORE';
open(my $tar, '|-', 'tar', '-x', '-f', '-', '-C', $dir, '--no-same-owner') or fail("tar: $!");
binmode($tar);
while (my $got = read(DATA, my $part, 65536)) { $length -= $got; print $tar $part or last; }
close($tar) && $length == 0 or fail('the bundle could not be unpacked');

# KillMode=mixed: at a shutdown the runner is asked first, its children are ended after it. Whatever ends it, what comes
# after it takes back what it could not, and leaves no contents.
system('systemd-run', '--quiet', '--collect', "--unit=sixgate-apply-$run", '--property=KillMode=mixed',
    '--property=TimeoutStopSec=120', "--property=ExecStopPost=/usr/bin/perl $dir/run.pl $dir after",
    '--description=Sixgate carries out a plan', '--',
    '/usr/bin/perl', "$dir/run.pl", $dir) == 0
    or do { system('systemctl', 'stop', "sixgate-apply-$run.service"); fail('systemd-run did not start the run'); };
print "started\n";

sub fail {
    my ($why) = @_;
    # The bundle holds secrets: none of it stays where nothing runs.
    system('rm', '-rf', '--', $dir) if defined $dir && $why !~ /^\Q$dir\E:/;
    print STDERR "$why\n";
    exit 1;
}

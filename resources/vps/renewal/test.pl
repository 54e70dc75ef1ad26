# Managed by Sixgate; changes are overwritten.
#
# Rehearses the renewal of each certificate that certbot got for Sixgate, by certbot's own dry run: nothing of a
# certificate changes, and the authority counts nothing of it (it is asked at its staging directory). Needs perl-base.
# /var/lib/sixgate-renewal/result has a line for each: LINEAGE TIME 1|0 TEXT, the text in base64.
use strict;
use warnings;
use POSIX ();

$ENV{PATH}   = '/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL} = 'C';
my $result = '/var/lib/sixgate-renewal/result';
my @lines;
for my $path (sort glob '/etc/letsencrypt/renewal/*.conf') {
    my ($lineage) = $path =~ m{/([A-Za-z0-9][A-Za-z0-9.+_-]{0,252})\.conf$} or next;
    next unless is_sixgates_own($path);
    my ($good, $text) = rehearsed($lineage);
    print "$lineage: ", $good ? "the rehearsal of its renewal went well\n" : "its renewal would fail: $text\n";
    push @lines, join(' ', $lineage, time, $good, $text eq '' ? '=' : base64($text)) . "\n";
}
open(my $out, '>', "$result.new") or die "$result.new: $!\n";
print {$out} @lines and close($out) and rename("$result.new", $result) or die "$result: $!\n";
exit((grep { / 0 \S+$/ } @lines) ? 1 : 0);

sub is_sixgates_own {
    my ($path) = @_;
    open(my $in, '<', $path) or return 0;
    return scalar grep { m{^\s*(?:dns_rfc2136_credentials\s*=\s*/etc/sixgate/acme/|renew_hook\s*=\s*env SIXGATE=delegated |manual_auth_hook\s*=\s*/usr/bin/perl /etc/sixgate/acme/hook\.pl |webroot_path\s*=\s*/var/lib/sixgate-acme,?\s*$)} } <$in>;
}

# Whether it went well, and what certbot said. certbot's own timer may be at work: it is waited for.
sub rehearsed {
    my ($lineage) = @_;
    my $until = time + 900;
    while (1) {
        my ($good, $text) = output('certbot', 'renew', '--dry-run', '--no-random-sleep-on-renew', '--non-interactive', '--cert-name', $lineage);
        if (!$good && $text =~ /Another instance of Certbot/ && time < $until) { sleep 10; next; }
        return $good ? (1, '') : (0, told($text));
    }
}

# The line that tells most.
sub told {
    my ($text) = @_;
    my ($line) = $text =~ /^\s*Detail:\s*(\S.*)$/m;
    ($line) = $text =~ /^(?:Failed to renew certificate|The error was|Error).*?: (\S.*)$/m unless defined $line;
    ($line) = reverse grep { /[a-z]/ } split /\n/, $text unless defined $line;
    ($line = $line // 'certbot said nothing') =~ s/[^ -~]+/ /g;
    $line =~ s/\s+$//;
    return substr($line, 0, 500);
}

sub output {
    my (@command) = @_;
    my $pid = open(my $from, '-|') // die "fork: $!\n";
    if (!$pid) {
        open(STDIN, '<', '/dev/null');
        open(STDERR, '>&', \*STDOUT);
        exec { $command[0] } @command or do { print "$command[0]: $!\n"; POSIX::_exit(127); };
    }
    local $/;
    my $text = <$from> // '';
    return (close($from) ? 1 : 0, $text);
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

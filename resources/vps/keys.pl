# The SSH keys that may log in as this user. Run as the user itself: perl - (this text, __END__, one line):
#   list            prints the lines of ~/.ssh/authorized_keys and ~/.ssh/authorized_keys2 that hold a key, each in
#                   base64; like add, also "elsewhere BASE64" for every other source that the SSH server's settings name
#   add BASE64      adds a line, unless its key is there; prints "added" or "there"
#   remove BASE64   from both files removes all lines that hold this key (its blob in base64); prints how many
use strict;
use warnings;
use Fcntl qw(:flock);
use IO::Handle;

my ($deed, $value) = (<DATA> // '') =~ m{^(list|add|remove)(?: ([A-Za-z0-9+/=]+))?\n$} or fail('no question');
my $home   = (getpwuid($<))[7] // fail('this user has no home');
my $folder = "$home/.ssh";
my @files  = map { "$folder/$_" } qw(authorized_keys authorized_keys2);    # sshd's own default
umask 077;

# Of two who change at the same time, one would write back what the other has taken out.
my $lock = $deed eq 'list' ? undef : locked();
my %lines = map { $_ => [-e $_ ? read_lines($_) : ()] } @files;
if ($deed eq 'list') {
    print pack_line($_), "\n" for grep { defined blob($_) } map { @{ $lines{$_} } } @files;
    print 'elsewhere ', pack_line($_), "\n" for elsewhere();
}
elsif ($deed eq 'add') {
    my $new  = unpack_line($value);
    my $blob = blob($new) // fail('that is no public key');
    if (grep { (blob($_) // '') eq $blob } map { @$_ } values %lines) { print "there\n"; }
    else {
        write_lines($files[0], @{ $lines{ $files[0] } }, $new);
        print "added\n";
    }
    print 'elsewhere ', pack_line($_), "\n" for elsewhere();
}
else {
    my $gone = 0;
    for my $file (@files) {
        my @kept = grep { (blob($_) // '') ne $value } @{ $lines{$file} };
        write_lines($file, @kept) if @kept < @{ $lines{$file} };
        $gone += @{ $lines{$file} } - @kept;
    }
    print "$gone\n";
}

# Held until the end.
sub locked {
    -d $folder or $deed ne 'add' or mkdir($folder, 0700) or fail("$folder: $!");
    open(my $in, '<', $folder) or return undef;
    for (1 .. 200) {
        # Some file systems have no locks.
        return $in if flock($in, LOCK_EX | LOCK_NB) || !$!{EWOULDBLOCK};
        select(undef, undef, undef, 0.1);
    }
    fail('another program is changing these keys');
}

# Where the SSH server looks for keys besides, whoever that is for.
sub elsewhere {
    my %found;
    my @configs = ('/etc/ssh/sshd_config');
    my %read;
    while (defined(my $config = shift @configs)) {
        next if $read{$config}++;
        open(my $in, '<:raw', $config) or do { $found{"whatever $config says, which this user may not read"} = 1 if -e $config; next; };
        while (<$in>) {
            next unless /^\s*(Include|AuthorizedKeysFile|AuthorizedKeysCommand|TrustedUserCAKeys)[\s=]+"?(.*?)"?\s*$/i;
            my ($what, $value) = (lc $1, $2);
            if ($what eq 'include') { push @configs, map { glob(m{^/} ? $_ : "/etc/ssh/$_") } split ' ', $value; next; }
            $found{$_} = 1 for $what eq 'authorizedkeysfile' ? split(' ', $value) : $value;
        }
    }
    return sort grep { !m{^(?:none|(?:%h/)?\.ssh/authorized_keys2?)$} } keys %found;
}

# The key of a line, in base64; undefined where it has none. Options may stand in front of the type, in quotes with
# blanks.
sub blob {
    my ($line) = @_;
    return undef if $line =~ /^\s*(?:#|$)/;
    my $type = qr/(?:ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)\S+/;
    return $1 if $line =~ m{^\s*$type\s+([A-Za-z0-9+/]+=*)(?:\s|$)};
    return $1 if $line =~ m{^\s*(?:[^\s"]|"(?:[^"\\]|\\.)*")+\s+$type\s+([A-Za-z0-9+/]+=*)(?:\s|$)};
    return undef;
}

sub read_lines {
    my ($file) = @_;
    open(my $in, '<:raw', $file) or fail("$file: $!");
    my @all = map { s/\r?\n$//r } <$in>;
    return @all;
}

# In one rename, with the mode of before.
sub write_lines {
    my ($file, @all) = @_;
    -d $folder or mkdir($folder, 0700) or fail("$folder: $!");
    # It may be a link to where it really is.
    my $target = -l $file ? readlink($file) : $file;
    $target = "$folder/$target" unless $target =~ m{^/};
    my $mode   = -e $target ? (stat $target)[2] & 07777 : 0600;
    my $beside = "$target.sixgate-$$";
    open(my $out, '>:raw', $beside) or fail("$beside: $!");
    print {$out} map { "$_\n" } @all and chmod($mode, $out) and $out->flush and $out->sync and close($out) and rename($beside, $target) and return;
    my $why = $!;
    unlink $beside;
    fail("$target: $why");
}

sub pack_line { my ($text) = @_; my $out = pack('u', $text); $out =~ s/^.//mg; $out =~ s/\n//g; $out =~ tr{` -_}{AA-Za-z0-9+/}; my $rest = length($text) % 3; substr($out, $rest - 3) = '=' x (3 - $rest) if $rest; return $out; }

sub unpack_line {
    my ($text) = @_;
    $text =~ tr{A-Za-z0-9+/}{}cd;
    $text =~ tr{A-Za-z0-9+/}{ -_};
    my $out = '';
    while ($text =~ /(.{1,60})/gs) { my $part = $1; $out .= unpack('u', chr(32 + int(length($part) * 3 / 4)) . $part); }
    $out =~ s/[\r\n].*//s;
    return $out;
}

sub fail { print STDERR "$_[0]\n"; exit 1; }

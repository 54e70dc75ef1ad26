# The SSH keys that may log in as this user. Run as the user itself: perl - (this text, __END__, one line):
#   list            prints the lines of ~/.ssh/authorized_keys that hold a key, each in base64
#   add BASE64      adds a line, unless its key is there; prints "added" or "there"
#   remove BASE64   removes all lines that hold this key (its blob in base64); prints how many
use strict;
use warnings;

my ($deed, $value) = (<DATA> // '') =~ m{^(list|add|remove)(?: ([A-Za-z0-9+/=]+))?\n$} or fail('no question');
my $home   = (getpwuid($<))[7] // fail('this user has no home');
my $folder = "$home/.ssh";
my $file   = "$folder/authorized_keys";
umask 077;

my @lines = -e $file ? read_lines() : ();
if ($deed eq 'list') {
    print pack_line($_), "\n" for grep { defined blob($_) } @lines;
}
elsif ($deed eq 'add') {
    my $new  = unpack_line($value);
    my $blob = blob($new) // fail('that is no public key');
    if (grep { (blob($_) // '') eq $blob } @lines) { print "there\n"; exit 0; }
    write_lines(@lines, $new);
    print "added\n";
}
else {
    my @kept = grep { (blob($_) // '') ne $value } @lines;
    write_lines(@kept) if @kept < @lines;
    print @lines - @kept, "\n";
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
    open(my $in, '<:raw', $file) or fail("$file: $!");
    my @all = map { s/\r?\n$//r } <$in>;
    return @all;
}

# In one rename, with the mode of before.
sub write_lines {
    my (@all) = @_;
    -d $folder or mkdir($folder, 0700) or fail("$folder: $!");
    # It may be a link to where it really is.
    my $target = -l $file ? readlink($file) : $file;
    $target = "$folder/$target" unless $target =~ m{^/};
    my $mode   = -e $target ? (stat $target)[2] & 07777 : 0600;
    my $beside = "$target.sixgate-$$";
    open(my $out, '>:raw', $beside) or fail("$beside: $!");
    print {$out} map { "$_\n" } @all and chmod($mode, $out) and close($out) and rename($beside, $target) and return;
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

# Managed by Sixgate; changes are overwritten.
#
# Proves names to the certification authority (DNS-01) by text records at the provider of their zone, for certbot:
#   perl hook.pl add|remove TALK       sets or removes CERTBOT_VALIDATION for CERTBOT_DOMAIN; "add" waits until the
#                                      zone's name servers tell it
#   perl hook.pl rehearse TALK NAME    both, with a random text that nobody asks for
# TALK is the conversation, in JSON, as Sixgate has compiled it from the provider's definition: all is in it but the name
# and the text. It holds the credentials, so nothing of a request is ever told. Ends with 0, or with 1 and a sentence.
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP ();

my ($most_body, $most_seconds, $tries) = (1 << 20, 600, 3);
my ($what, $path, $rehearsed) = @ARGV;
die "usage: hook.pl add|remove|rehearse TALK [NAME]\n" unless defined $path && $what =~ /^(?:add|remove|rehearse)$/;
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
$SIG{TERM} = $SIG{INT} = sub { die "Ended from outside.\n" };

my $talk = JSON::PP->new->utf8->decode(slurp($path));
my $until = time + $most_seconds;    # of one change
my $client = HTTP::Tiny->new(verify_SSL => 1, max_redirect => 0, max_size => $most_body, timeout => 20, agent => '');
my ($name, $text) = $what eq 'rehearse' ? ($rehearsed // '', 'sixgate-' . join('', map { sprintf '%08x', int rand 2**32 } 1 .. 4)) : ($ENV{CERTBOT_DOMAIN} // '', $ENV{CERTBOT_VALIDATION} // '');
my $good = eval {
    die "certbot did not say for which name.\n" unless $name =~ /^[a-z0-9.-]{1,253}$/ && ($name eq $talk->{zone} || $name =~ /\.\Q$talk->{zone}\E$/);
    die "certbot's text is none that could be set.\n" unless $text =~ /^[A-Za-z0-9_-]{1,255}$/;
    if ($what ne 'remove') {
        my $there = eval { change(1); wait_for_it(); 1 };
        my $why = $@;
        # What nobody asks for is not left behind.
        if ($what eq 'rehearse') { $there = eval { change(0); 1 } && $there; $why ||= $@; }
        die $why unless $there;
    }
    else { change(0); }
    1;
};
exit 0 if $good;
my $why = $@;
$why =~ s/ at \S+ line \d+\.?$//;
print STDERR printable($why), "\n";
exit 1;

# ---------------------------------------------------------------- the change

sub change {
    my ($present) = @_;
    $until = time + $most_seconds;
    return $talk->{way} eq 'template' ? by_template($present) : by_api($present);
}

# What the pieces of a request are filled with.
sub known {
    my $owner = "_acme-challenge.$name";
    my $below = sub { $_[0] eq $talk->{zone} ? '' : substr($_[0], 0, -1 - length $talk->{zone}) };
    return (host => $name, owner => $owner, label => $below->($name), ownerLabel => $below->($owner), value => $text);
}

sub by_template {
    my ($present) = @_;
    my %is = known();
    my $reply = ask($talk->{ $present ? 'add' : 'remove' }, \%is);
    my $bad = said_badly($reply) // return;
    die "$bad\n";
}

# Records by an API: what stands there is read first, and others' texts at the name stay.
sub by_api {
    my ($present) = @_;
    my %is = known();
    my $value = $talk->{quoted} ? "\"$text\"" : $text;
    $is{value} = $value;
    if (my $zone = $talk->{zoneId}) {
        my @ids = map { texts_at($_, $zone->{id}) } items($zone, \%is, good(ask($zone->{call}, \%is)));
        die "The account at $talk->{title} has no zone $talk->{zone}, or the credentials do not show it.\n" unless @ids == 1;
        $is{zoneId} = $ids[0];
    }
    my $reply = ask($talk->{read}{call}, \%is);
    my @found;    # [id, text]
    if ($reply->{status} != 404 || $talk->{way} eq 'record') {
        for my $item (items($talk->{read}, \%is, good($reply))) {
            my ($id) = texts_at($item, $talk->{read}{id});
            push @found, map { [$id // '', s/^"(.*)"$/$1/sr] } texts_at($item, $talk->{read}{values});
        }
    }
    my @same = grep { $_->[1] eq $text } @found;
    return if $present ? @same : !@same;
    if ($talk->{way} eq 'record') {
        if ($present) { settled(ask($talk->{create}, \%is), \%is); return; }
        for (@same) {
            # An empty one, or dots, would be another place of the API.
            die "$talk->{title} does not say which record it is.\n" if $_->[0] eq '' || $_->[0] =~ /^\.+$/;
            $is{recordId} = $_->[0];
            my $gone = ask($talk->{remove}, \%is);
            settled($gone, \%is) unless $gone->{status} == 404;
        }
        return;
    }
    my @values = map { $talk->{quoted} ? "\"$_\"" : $_ } (map { $_->[1] } grep { $_->[1] ne $text } @found), $present ? $text : ();
    if (!@values) {
        my $gone = ask($talk->{remove}, \%is);
        settled($gone, \%is) unless $gone->{status} == 404;
        return;
    }
    $is{value} = $values[0];
    my $new = !@found && $talk->{create};
    $reply = ask($new || $talk->{set}, \%is, @values);
    $reply = ask($talk->{create}, \%is, @values) if !$new && $reply->{status} == 404 && $talk->{create};    # it went since it was read
    settled($reply, \%is);
}

# The end of a change that may go on after its answer.
sub settled {
    my ($reply, $is) = @_;
    my $document = good($reply);
    my $action = $talk->{action} // return;
    my ($id) = texts_at($document, $action->{id});
    $is->{action} = $id // '';
    for (1 .. 120) {
        my ($status) = texts_at($document, $action->{status});
        die "$talk->{title} does not say what became of the change.\n" unless defined $status;
        return if $status eq $action->{done};
        die "$talk->{title} could not carry the change out.\n" if $status eq $action->{failed} || !defined $id;
        select(undef, undef, undef, 0.5);
        $document = good(ask($action->{poll}, $is));
    }
    die "$talk->{title} is still at the change; what becomes of it is not known.\n";
}

# ---------------------------------------------------------------- requests

# One request, again where the provider asks for a little patience.
sub ask {
    my ($call, $is, @values) = @_;
    my %headers = ('Accept' => '*/*', 'Accept-Encoding' => 'identity', map { $_->[0] => filled($_->[1], $is) } @{ $call->{headers} });
    my $body = filled($call->{body}, $is, @values);
    my $url  = "https://$call->{server}" . filled($call->{target}, $is);
    for my $try (1 .. $tries) {
        die "$talk->{title} took too long.\n" if time > $until;
        # The client's own limit is for each piece of an answer.
        local $SIG{ALRM} = sub { die "Timed out after a minute\n" };
        alarm 60;
        my $reply = $client->request($call->{method}, $url, { headers => \%headers, $body eq '' ? () : (content => $body) });
        alarm 0;
        if ($reply->{status} == 599) {
            # Its own words may quote what was sent; these do not.
            my ($said) = $reply->{content} =~ /^(Could not connect to \S+ [^\n]*|SSL connection failed[^\n]*|Timed out[^\n]*|Unexpected end of stream[^\n]*|Size of response body exceeds[^\n]*)/;
            ($said = $said // 'it did not answer as it should') =~ s/ at \S+ line \d+\.?$//;
            die "$talk->{title} ($call->{server}) cannot be reached: $said\n";
        }
        my ($wait) = ($reply->{headers}{'retry-after'} // 5) =~ /^(\d{1,3})$/;
        return $reply unless $reply->{status} =~ /^(?:429|502|503)$/ && $try < $tries && defined $wait && $wait <= 60;
        sleep($wait || 1);
    }
}

# "text", { put, as }: what is known by that name; { each }: its pieces for each of the values, with commas.
sub filled {
    my ($pieces, $is, @values) = @_;
    return join '', map {
        my $piece = $_;
        !ref $piece ? bytes($piece)
            : $piece->{each} ? join(',', map { filled($piece->{each}, { %$is, value => $_ }) } @values)
            :                  encoded($is->{ $piece->{put} } // '', $piece->{as});
    } @$pieces;
}

sub bytes { my ($text) = @_; utf8::encode($text) if utf8::is_utf8($text); return $text; }

sub encoded {
    my ($value, $as) = @_;
    $value = bytes($value);
    if    ($as eq 'percent') { $value =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge; }
    elsif ($as eq 'json')    { $value =~ s/(["\\])/\\$1/g; $value =~ s/([\x00-\x1f])/sprintf '\\u%04x', ord $1/ge; }
    return $value;
}

# ---------------------------------------------------------------- answers

# The document of an answer that is good.
sub good {
    my ($reply) = @_;
    my $body     = $reply->{content} // '';
    my $document = document($body);
    my ($said)   = texts_at($document, $talk->{errorText});
    my $bad;
    if    ($reply->{status} !~ /^2/)                      { $bad = refusal($reply); }
    elsif ($body =~ /\S/ && !defined $document)           { $bad = "The answer of $talk->{title} is not JSON."; }
    elsif (my $success = $talk->{success}) {
        my ($is) = texts_at($document, $success->[0]);
        $bad = "The answer of $talk->{title} does not say that it went well." unless defined $is && $is eq $success->[1];
    }
    return $document unless defined $bad;
    die $bad . (defined $said && $said ne '' ? " It says: $said" : '') . "\n";
}

# A refused request, by its status alone.
sub refusal {
    my ($reply) = @_;
    my $status = $reply->{status};
    my $rule   = $talk->{statuses}{$status};
    return undef if $rule && $rule->{good};
    my $say = $rule && $rule->{say} ne '' ? $rule->{say}
        : $status =~ /^3/                ? 'It answers with another address, which is not followed: that would get the credentials.'
        : $status =~ /^40[13]$/          ? "It does not accept the credentials; store the right ones (sixgatectl secret set: $talk->{secrets})."
        : $status == 404                 ? 'It does not know what it was asked for.'
        : $status == 429                 ? 'It had too many requests.'
        : $status >= 500                 ? 'It has an outage.'
        :                                  'It refuses the request.';
    return "$talk->{title} answers $status: $say";
}

# What an answer in words says; nothing where it is good.
sub said_badly {
    my ($reply) = @_;
    my $body = $reply->{content} // '';
    $body =~ s/^\xef\xbb\xbf//;
    my $fine = $reply->{status} =~ /^2/;
    for my $reader ($reply->{status} =~ /^3/ ? () : @{ $talk->{readers} }) {
        my $rule = read_by($reader, $reply, $body) // next;
        # A failed request is not made good by a word in its body.
        next if !$fine && ($rule->{good} || !defined $rule->{word});
        return undef if $rule->{good};
        return "$talk->{title} answers \"" . ($rule->{word} // $rule->{shown}) . '"' . ($rule->{say} ne '' ? ": $rule->{say}" : ', which is not one of the answers that it documents.');
    }
    return refusal($reply) if !$fine || $talk->{statuses}{ $reply->{status} };
    return $body =~ /\S/ ? "The answer of $talk->{title} is not one that it documents." : "The answer of $talk->{title} is empty.";
}

sub read_by {
    my ($reader, $reply, $body) = @_;
    my ($by, $page) = ($reader->{by}, $body =~ /^\s*</);
    my @lines = grep { length } map { s/^\s+|\s+$//gr } split /\n/, $body;
    my $first = sub { my ($word) = split ' ', $_[0] // ''; return rule_of($reader, $word); };
    if ($by eq 'lines') {
        return undef if $page || !@lines || @lines > 200;
        my $rule = $first->($lines[0]) // return { good => 0, say => '', shown => substr(masked($lines[0]), 0, 100) };
        my ($bad) = grep { defined && !$_->{good} } map { $first->($_) } @lines;
        return $bad // $rule;
    }
    return $page ? undef : $first->($lines[0]) if $by eq 'first';
    if ($by eq 'contains') {
        my $text = join ' ', split ' ', $body;
        return undef if $text eq '' || !$page && length $text > 1024;
        return (grep { index($text, bytes($_->{word})) >= 0 } @{ $reader->{words} })[0];
    }
    if ($by eq 'json') {
        my @texts = texts_at(document($body), $reader->{place});
        my $rule = @texts == 1 ? rule_of($reader, $texts[0]) : undef;
        my ($said) = $rule && !$rule->{good} ? texts_at(document($body), $reader->{text}) : ();
        return defined $said ? { %$rule, say => join(' ', grep { length } $rule->{say}, "It says: $said") } : $rule;
    }
    my $line = $reply->{headers}{ $reader->{place} } // return undef;
    $line = $line->[0] if ref $line;
    return $first->($line) // { good => 0, say => '', shown => substr(masked($line), 0, 100) };
}

sub rule_of {
    my ($reader, $word) = @_;
    return undef unless defined $word;
    return (grep { lc $_->{word} eq lc $word } @{ $reader->{words} })[0];
}

# A lone text is a document, too; nothing where it is none.
sub document { my ($body) = @_; return eval { JSON::PP->new->utf8->allow_nonref->decode($body) }; }

# All texts and numbers at a path in which * is each item of a list: records.*.value
sub texts_at {
    my ($at, $place) = @_;
    return () unless defined $at && defined $place && $place ne '';
    my @at = ($at);
    for my $step (split /\./, $place) {
        @at = map { $step eq '*' ? (ref eq 'ARRAY' ? @$_ : ()) : ref eq 'HASH' ? $_->{$step} : ref eq 'ARRAY' && $step =~ /^\d+$/ ? $_->[$step] : () } @at;
    }
    return map { JSON::PP::is_bool($_) ? ($_ ? 'true' : 'false') : defined && !ref ? $_ : () } @at;
}

# The items of a list in an answer that are what was asked for.
sub items {
    my ($question, $is, $document) = @_;
    my $list = $document;
    for my $step (split /\./, $question->{items}) { $list = ref $list eq 'HASH' ? $list->{$step} : ref $list eq 'ARRAY' && $step =~ /^\d+$/ ? $list->[$step] : undef; }
    die "The answer of $talk->{title} is not one that it documents.\n" unless ref $list eq 'ARRAY' || ref $list eq 'HASH';
    return grep {
        my $item = $_;
        !grep { my @is = texts_at($item, $_->[0]); @is != 1 || spelt($is[0]) ne spelt(filled($_->[1], $is)) } @{ $question->{matches} };
    } ref $list eq 'ARRAY' ? @$list : $list;
}

# Names in any case, with or without the last dot, in Unicode or not.
sub spelt { my ($text) = @_; $text = lc $text; $text =~ s/\.$//; return $talk->{spellings}{$text} // $text; }

# ---------------------------------------------------------------- the name servers

# Until each of the zone's own servers tells the text. Where none answers at all, the time that it may take is waited.
sub wait_for_it {
    my $owner = lc "_acme-challenge.$name";
    my $end   = time + ($talk->{wait} > 120 ? $talk->{wait} : 120);
    my @servers = zone_servers($owner);
    while (1) {
        my ($heard, @without) = (0);
        for my $server (@servers) {
            my $said = dns_ask($server, $owner, 16, 0) // next;
            $heard++;
            die "$owner is an alias (CNAME) that leads elsewhere: the authority would look for the text there.\n" if grep { $_->[0] eq $owner && $_->[1] == 5 } @{ $said->{records} };
            push @without, $server unless grep { $_->[1] == 16 && $_->[2] eq $text } @{ $said->{records} };
        }
        if (!$heard) { sleep $talk->{wait}; return; }
        return unless @without;
        die "$talk->{title} took the text for $owner, but its name server " . join(', ', @without) . " does not tell it.\n" if time > $end;
        sleep 2;
    }
}

sub slurp {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "$path: $!.\n";
    local $/;
    return <$in> // '';
}

# What is a credential is shown to nobody, whoever quotes it.
sub masked {
    my ($text) = @_;
    for my $secret (sort { length $b <=> length $a } map { bytes($_) } @{ $talk->{mask} }) { $text =~ s/\Q$secret\E/.../g; }
    return $text;
}
sub printable { my ($text) = @_; $text = masked(bytes($text)); $text =~ s/\s+/ /g; $text =~ s/^ | $//g; $text =~ s/[^ -~]/?/g; return substr($text, 0, 600); }

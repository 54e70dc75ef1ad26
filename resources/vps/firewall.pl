# Part of run.pl: visitors' ports in this machine's own firewall, and those of the certification authority.
#
# FIREWALL tells what Sixgate has opened there, for the one who closes it again:
#   ufw PORT[,PORT]/tcp                   for IPv4 alone: visitors over IPv6 go to the home
#   nft FAMILY TABLE CHAIN PORT[,PORT]
# In place of the ports: 80/6, the authority's over IPv6; 53, UDP and TCP over IPv4 and IPv6.
# Whoever loads the rules of nftables anew loads them without Sixgate's: KEEPER, a unit, puts these back by KEEP.
use constant {
    FIREWALL => '/var/lib/sixgate/firewall',
    KEEP     => '/var/lib/sixgate/keep-open.sh',
    KEEPER   => 'sixgate-firewall.service',
    UNITS    => '/etc/systemd/system',
    WANTS    => '/etc/systemd/system/nftables.service.wants',    # removed where nothing else is in it
};

sub keeper_files { return (UNITS . '/' . KEEPER, map { UNITS . "/$_.wants/" . KEEPER } qw(nftables.service multi-user.target)); }

sub do_firewall {
    my ($is) = @_;
    my ($ports, $target) = @{ $is->{field} };
    my ($kind, @where) = split /\t/, $target;
    my @all = $kind eq 'ufw' ? 'ufw ' . ($ports =~ /^[\d,]+$/ && $ports ne 53 ? "$ports/tcp" : $ports) : "nft @where $ports";
    my @missing = still_closed(@all) or return ['unchanged', 'It lets visitors in already.'];
    my %once;
    my @lines = grep { !$once{$_}++ } opened(), @missing;
    if ($kind ne 'ufw') {
        note_down('keeper', KEEPER, is_active(KEEPER));
        my ($unit, @links) = keeper_files();
        remember($_) for KEEP, $unit, @links;
        put(KEEP, 0755, keep_script());
        put($unit, 0644, keeper_unit());
        for my $link (@links) {
            (my $folder = $link) =~ s{/[^/]*$}{};
            folder($folder, 0755);
            link_to($link, $unit);
        }
    }
    remember(FIREWALL);
    put(FIREWALL, 0600, join('', map { "$_\n" } @lines));
    for my $line (@missing) {
        note_down('port', split / /, $line);
        my ($ok, $text) = open_port(split / /, $line);
        failed("The firewall could not be opened: $line.", tail($text)) unless $ok;
    }
    if ($kind ne 'ufw') {
        command('systemctl', 'daemon-reload');
        my ($ok, $text) = command('systemctl', 'restart', KEEPER);
        failed('The unit that keeps the firewall open does not start.', tail($text)) unless $ok;
    }
    failed("The firewall does not stay open: $_.") for still_closed(@all);
    return ['done', $ports eq '53' || $ports =~ m{/} ? 'Opened for the certification authority: ' . ($ports eq '53' ? '53' : '80 over IPv6') . '.' : "Opened for visitors: $ports."];
}

# What Sixgate has opened.
sub opened { return -f FIREWALL() ? grep { /^(?:ufw|nft) / } split /\n/, slurp(FIREWALL) : (); }

# How ufw is told about ports.
sub ufw_rule {
    my ($port) = @_;
    return ('allow', '53') if $port eq '53';
    return ('allow', 'proto', 'tcp', 'from', 'any', 'to', '::/0', 'port', $1) if $port =~ m{^(\d+)/6$};
    return ('allow', 'proto', 'tcp', 'from', 'any', 'to', '0.0.0.0/0', 'port', $port =~ /^([\d,]+)/);
}

# What a rule of nftables matches. In a table for both families only IPv4 visitors come here.
sub nft_match {
    my ($family, $ports) = @_;
    return ('meta', 'l4proto', '{ tcp, udp }', 'th', 'dport', '53') if $ports eq '53';
    my $six = $ports =~ s{/6$}{};
    return ($family eq 'inet' ? ('meta', 'nfproto', $six ? 'ipv6' : 'ipv4') : (), 'tcp', 'dport', $ports =~ /,/ ? '{ ' . join(', ', split /,/, $ports) . ' }' : $ports);
}

# The handles of Sixgate's rules for these ports, in the order of the chain.
sub nft_rules {
    my ($family, $table, $chain, $ports) = @_;
    my (undef, $text) = command('nft', '-a', 'list', 'chain', $family, $table, $chain);
    my $rule = join ' ', nft_match($family, $ports), 'accept comment "sixgate"';
    return $text =~ /^\s*\Q$rule\E # handle (\d+)$/mg;
}

# Those of these lines that are not in force. ufw takes its time, so it is asked once.
sub still_closed {
    my (@lines) = @_;
    my (undef, $ufw) = (grep { /^ufw / } @lines) ? command('ufw', 'status') : ();
    return grep {
        my ($kind, @where) = split / /;
        # For both families, where ufw has both.
        return 1 if $kind ne 'nft' && $where[0] eq '53' && $ufw =~ /\(v6\)/ && $ufw !~ /^53 \(v6\) +ALLOW(?: IN)? +Anywhere \(v6\) *(?:#.*)?$/m;
        !($kind eq 'nft' ? nft_rules(@where) : $ufw =~ ($where[0] =~ m{^(\d+)/6$} ? qr{^$1/tcp \(v6\) +ALLOW(?: IN)? +Anywhere \(v6\) *(?:#.*)?$}m : qr{^\Q$where[0]\E +ALLOW(?: IN)? +Anywhere *(?:#.*)?$}m));
    } @lines;
}

sub open_port {
    my ($kind, @where) = @_;
    return command('ufw', ufw_rule($where[0]), 'comment', 'sixgate') if $kind eq 'ufw';
    my $ports = pop @where;
    return command('nft', 'insert', 'rule', @where, nft_match($where[0], $ports), 'accept', 'comment', '"sixgate"');
}

# Closes one again; what is closed or gone already is as good.
sub close_port {
    my ($kind, @where) = @_;
    if ($kind eq 'nft') {
        for my $handle (nft_rules(@where)) {
            my ($ok, $text) = command('nft', 'delete', 'rule', @where[0 .. 2], 'handle', $handle);
            failed("The rule of Sixgate in nftables (@where) could not be removed.", tail($text)) unless $ok;
        }
        return;
    }
    return unless -x '/usr/sbin/ufw';
    my ($ok, $text) = command('ufw', '--force', 'delete', ufw_rule($where[0]));
    failed("The rule of Sixgate in ufw ($where[0]) could not be removed.", tail($text)) unless $ok || $text =~ /non-existent/;
}

# Closes all that Sixgate has opened, and no longer keeps it open; for the removal of Sixgate. Gives what was closed.
sub close_firewall {
    my @lines = opened();
    my ($unit, @links) = keeper_files();
    if (-e $unit) {
        command('systemctl', 'stop', KEEPER);
        unlink @links, $unit;
        rmdir WANTS;
        command('systemctl', 'daemon-reload');
    }
    close_port(split / /) for @lines;
    unlink KEEP, FIREWALL;
    return @lines;
}

# The way back of a run: the keeper as it was before; its files are so already. At boot systemd does it by itself.
sub keeper_back {
    my ($unit, $active, $boot) = @_;
    return if $boot;
    rmdir WANTS;
    command('systemctl', 'daemon-reload');
    command('systemctl', 'start', $unit) if $active;
}

# And its ports. The keeper ends first, or it would open them again.
sub port_back {
    my ($kind, @where) = @_;
    command('systemctl', 'stop', KEEPER) if $kind eq 'nft' && is_active(KEEPER);
    close_port($kind, @where);
}

sub keeper_unit {
    my $script = KEEP;
    my $list   = FIREWALL;
    return <<"END";
[Unit]
Description=Sixgate keeps visitors' ports open in nftables
After=nftables.service sixgate-recover.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
ConditionPathExists=$list

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh $script
ExecReload=/bin/sh $script

[Install]
WantedBy=nftables.service multi-user.target
END
}

sub keep_script {
    my $list = FIREWALL;
    return <<"END";
# Made by Sixgate: puts its rules back where somebody has loaded the rules of nftables anew.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
while read -r kind family table chain ports; do
    [ "\$kind" = nft ] || continue
    case \$ports in
    53) match='meta l4proto { tcp, udp } th dport 53' ;;
    */6) match="tcp dport \${ports%/6}" ;;
    *,*) match="tcp dport { \${ports%%,*}, \${ports#*,} }" ;;
    *) match="tcp dport \$ports" ;;
    esac
    case \$family,\$ports in
    inet,53) ;;
    inet,*/6) match="meta nfproto ipv6 \$match" ;;
    inet,*) match="meta nfproto ipv4 \$match" ;;
    esac
    rules=\$(nft list chain "\$family" "\$table" "\$chain" 2>/dev/null) || continue
    printf '%s\\n' "\$rules" | grep -qF "\$match accept comment \\"sixgate\\"" && continue
    nft insert rule "\$family" "\$table" "\$chain" "\$match" accept comment '"sixgate"'
done <$list
END
}


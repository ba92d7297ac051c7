#!/usr/bin/perl
# Asks for the contacts of addresses one after the other, as scripts do, for
# some seconds: net_dns.pl PORT SECONDS NAMES.  Prints answers and seconds.
use strict;
use warnings;
use Net::DNS;
use Time::HiRes qw(time);

my ($port, $seconds, $names) = @ARGV;
my $resolver = Net::DNS::Resolver->new(
	nameservers => ['127.0.0.1'], port => $port, recurse => 1,
	udp_timeout => 5, retry => 2);
open(my $in, '<', $names) or die "$names: $!";
my $began = time();
my $answers = 0;
while (time() - $began < $seconds) {
	my $name = <$in>;
	last unless defined $name;
	chomp $name;
	my $reply = $resolver->query($name, 'TXT');
	$answers++ if $reply && grep { $_->type eq 'TXT' } $reply->answer;
}
printf "%d %.3f\n", $answers, time() - $began;

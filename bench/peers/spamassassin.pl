# SpamAssassin over messages named on standard input, rules alone: path, score, tests, sub-tests and CPU seconds, parted by tabs, a line each.
use strict;
use warnings;
use Mail::SpamAssassin;
my ($rules, $site, $home) = @ARGV;
my $sa = Mail::SpamAssassin->new({
  rules_filename => $rules, site_rules_filename => $site, userprefs_filename => '/dev/null', home_dir_for_helpers => $home,
  local_tests_only => 1, dont_copy_prefs => 1, post_config_text => "use_bayes 0\nuse_auto_whitelist 0\n",
});
$sa->init(1);
$| = 1;
while (my $path = <STDIN>) {
  chomp $path;
  open(my $file, '<:raw', $path) or die "$path: $!";
  my $raw = do { local $/; <$file> };
  close($file);
  my $before = (times)[0] + (times)[1];
  my $message = $sa->parse($raw);
  my $status = $sa->check($message);
  my %seen;
  my $sub = join(',', grep { !$seen{$_}++ } split(/,/, $status->get_names_of_subtests_hit));
  print join("\t", $path, $status->get_score, $status->get_names_of_tests_hit, $sub, (times)[0] + (times)[1] - $before), "\n";
  $status->finish;
  $message->finish;
}

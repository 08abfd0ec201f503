# What a filter scores as spam goes to Junk: as spam.sieve, for spamtest (RFC 5235).
# What the score is read from is said in sieverun.conf(5); for rspamd
#
#	/etc/rspamd/local.d/milter_headers.conf:
#		use = ["x-spamd-result"];
#
#	pabal conf set sieverun spamtest_header 'X-Spamd-Result: \[([-0-9.]+) /'
#	pabal conf set sieverun spamtest_max_header 'X-Spamd-Result: / ([0-9.]+)\]'
#
# 1 is certainly no spam, 10 is certainly spam; 0 is not known.
require ["spamtest", "relational", "comparator-i;ascii-numeric", "fileinto",
         "special-use"];

if spamtest :value "ge" :comparator "i;ascii-numeric" "5"
{
	fileinto :specialuse "\\Junk" "Junk";
}
